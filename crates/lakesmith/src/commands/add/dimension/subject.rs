//! What one usually knows of those that most facts are about.

/// An attribute by its usual name, with what it is and other names that mean the same.
pub(in crate::commands::add) struct Attribute {
    pub(in crate::commands::add) name: &'static str,
    pub(in crate::commands::add) about: &'static str,
    others: &'static [&'static str],
}

/// What a dimension is about.
pub(in crate::commands::add) struct Subject {
    /// One of them: `customer`.
    pub(in crate::commands::add) one: &'static str,
    /// Names of tables that hold them, likely ones first.
    tables: &'static [&'static str],
    pub(in crate::commands::add) about: &'static str,
    /// What names a member in the source system.
    pub(in crate::commands::add) natural_key: &'static str,
    /// Other names of it in tables of what they do, likely ones first.
    pub(in crate::commands::add) keys: &'static [&'static str],
    pub(in crate::commands::add) attributes: &'static [Attribute],
    /// Attributes from the coarsest to the finest, by which one drills down, and what that is called.
    pub(in crate::commands::add) hierarchy: Option<(&'static str, &'static [&'static str])>,
    /// What is to be known of such a dimension.
    pub(in crate::commands::add) advice: &'static [&'static str],
}

impl Subject {
    /// The subject that a name means.
    pub(in crate::commands::add) fn of(name: &str) -> Option<&'static Subject> {
        let name = name.strip_prefix("dim_").unwrap_or(name);
        SUBJECTS.iter().find(|subject| subject.one == name)
    }

    /// Which of these tables holds them, by its name; the likeliest.
    pub(in crate::commands::add) fn holding<'a>(&self, tables: &[&'a str]) -> Option<&'a str> {
        self.tables.iter().find_map(|name| tables.iter().copied().find(|table| table == name))
    }

    /// The column that is the attribute, if there is one.
    pub(in crate::commands::add) fn find<'a>(&self, attribute: &Attribute, columns: &[&'a str]) -> Option<&'a str> {
        let names = [attribute.name, attribute.name.trim_start_matches(self.one).trim_start_matches('_')];
        let mut all = names.into_iter().chain(attribute.others.iter().copied()).filter(|name| !name.is_empty());
        all.find_map(|name| columns.iter().copied().find(|column| *column == name))
    }
}

const fn attribute(name: &'static str, about: &'static str, others: &'static [&'static str]) -> Attribute {
    Attribute { name, about, others }
}

/// The subjects that have a template.
pub(in crate::commands::add) const SUBJECTS: &[Subject] = &[
    Subject {
        one: "customer",
        tables: &["customers", "customer", "clients", "client", "users", "accounts", "buyers", "members"],
        about: "Who buys",
        natural_key: "customer_id",
        keys: &[
            "customer_no",
            "customer_nr",
            "customer_number",
            "customer_code",
            "customer",
            "cust_id",
            "cust_no",
            "cust",
            "client_id",
            "client",
            "buyer_id",
            "account_id",
            "member_id",
            "user_id",
        ],
        attributes: &[
            attribute("customer_name", "what the customer is called", &["full_name", "client_name", "company", "company_name"]),
            attribute("customer_email", "mind who may see it", &["email_address", "e_mail", "mail"]),
            attribute(
                "customer_segment",
                "the kind of customer, such as consumer or corporate",
                &["type", "customer_type", "tier"],
            ),
            attribute("customer_country", "where the customer lives, from the largest area to the smallest", &["country_code"]),
            attribute("customer_state", "", &["region", "province", "state_province"]),
            attribute("customer_city", "", &["town"]),
        ],
        hierarchy: None,
        advice: &[
            "Customers move and change their segment. Type 1 shows all their facts under what they are now; type 2 keeps a version",
            "per change, and each fact has the one that was valid then (`as_of` in the fact).",
        ],
    },
    Subject {
        one: "product",
        tables: &["products", "product", "items", "item", "articles", "menu", "skus"],
        about: "What is sold",
        natural_key: "product_id",
        keys: &[
            "product_no",
            "product_number",
            "product_code",
            "product",
            "prod_id",
            "sku",
            "article_id",
            "article_no",
            "article_number",
            "article",
            "item_id",
            "item_no",
            "item_code",
        ],
        attributes: &[
            attribute("product_name", "what it is called", &["title", "item_name", "article_name"]),
            attribute(
                "category",
                "the larger group, such as Furniture",
                &["product_category", "category_name", "product_type", "type"],
            ),
            attribute("subcategory", "the smaller one, such as Chairs", &["sub_category", "product_subcategory"]),
            attribute("brand", "under which it is sold", &["manufacturer", "vendor", "brand_name"]),
            attribute(
                "sku",
                "the number in the shop, if it is not the natural key",
                &["article_number", "item_number", "ean", "gtin"],
            ),
            attribute("list_price", "as it is now; what was paid belongs to the fact", &["price", "unit_price"]),
        ],
        hierarchy: Some(("assortment", &["category", "subcategory"])),
        advice: &[
            "Type 1 is usual: a corrected name or category should show everywhere. With type 2 a product that moves to another",
            "category keeps its former sales there.",
        ],
    },
    Subject {
        one: "geography",
        tables: &["geography", "geographies", "locations", "location", "places", "cities", "addresses", "regions"],
        about: "Where it happens: one row per place, from the country to the city",
        natural_key: "geography_id",
        keys: &["location_id", "place_id", "region_id", "territory_id", "city_id", "geo_id"],
        attributes: &[
            attribute("country", "", &["country_code", "country_name"]),
            attribute("region", "a part of the country, as the business cuts it", &["area", "territory"]),
            attribute("state", "", &["province", "state_province", "state_code"]),
            attribute("city", "", &["town", "city_name"]),
            attribute("postal_code", "", &["zip", "zip_code", "postcode"]),
        ],
        hierarchy: Some(("geography", &["country", "region", "state", "city", "postal_code"])),
        advice: &[
            "The natural key is what the facts know of a place: an id, or columns such as [country, state, city] together.",
        ],
    },
    Subject {
        one: "employee",
        tables: &["employees", "employee", "staff", "people", "workers", "sales_reps"],
        about: "Who works here",
        natural_key: "employee_id",
        keys: &[
            "employee_no",
            "employee_number",
            "employee",
            "emp_id",
            "emp_no",
            "staff_id",
            "salesperson_id",
            "sales_rep_id",
            "sales_rep",
            "rep_id",
        ],
        attributes: &[
            attribute("employee_name", "what the employee is called", &["full_name"]),
            attribute("employee_email", "mind who may see it", &["email_address", "e_mail", "mail"]),
            attribute("job_title", "", &["title", "position", "role"]),
            attribute("department", "", &["department_name", "team", "division"]),
            attribute(
                "manager_id",
                "whom the employee reports to: the natural key of another member",
                &["reports_to", "supervisor_id"],
            ),
            attribute("hire_date", "", &["hired_on", "start_date", "employed_since"]),
        ],
        hierarchy: None,
        advice: &[
            "Employees change departments. Type 1 counts all they did for the department they are in now; type 2 for the one they",
            "were in then (`as_of` in the fact). Salaries do not belong here: a dimension is read by many.",
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_found_by_their_names() {
        let Some(customer) = Subject::of("dim_customer") else { unreachable!() };
        let columns = ["id", "customer_name", "city", "e_mail"];
        let found: Vec<Option<&str>> = customer.attributes.iter().map(|attribute| customer.find(attribute, &columns)).collect();
        assert_eq!(found, [Some("customer_name"), Some("e_mail"), None, None, None, Some("city")]);
        assert_eq!(
            (customer.holding(&["orders", "users", "customers"]), customer.holding(&["orders"])),
            (Some("customers"), None)
        );
        assert!(Subject::of("order").is_none());
    }
}
