//! Which line of the table a call means, and which types its arguments become.

use super::{Null, Pattern, Signature, lookup, rule};
use crate::DataType;
use crate::types::{common_type, implicit, loses};
use std::collections::BTreeMap;

/// One argument of a call, as far as it is known before a line is chosen.
#[derive(Debug, Clone)]
pub(crate) enum Argument {
    Value {
        ty: DataType,
    },
    /// A lambda of so many parameters; its body has no type until theirs are known.
    Lambda(usize),
}

/// A call that fits a line.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) signature: &'static Signature,
    /// What each argument becomes.
    pub(crate) arguments: Vec<DataType>,
    variables: BTreeMap<char, DataType>,
}

/// The line that takes the arguments: one that takes them as they are, or else the first that takes them converted.
pub(crate) fn matching(name: &str, arguments: &[Argument]) -> Option<Call> {
    let signatures = lookup(name)?;
    let exact = signatures.iter().find_map(|signature| fit(signature, arguments, true));
    exact.or_else(|| signatures.iter().find_map(|signature| fit(signature, arguments, false)))
}

impl Call {
    /// The types of a lambda's parameters.
    pub(crate) fn lambda(&self, index: usize) -> Vec<DataType> {
        match self.signature.parameters.get(index) {
            Some(Pattern::Lambda(parameters, _)) => parameters.iter().map(|pattern| self.concrete(pattern)).collect(),
            _ => Vec::new(),
        }
    }

    /// Tells the type of a lambda's body; the type it must have, if it must.
    pub(crate) fn body(&mut self, index: usize, ty: &DataType) -> DataType {
        match self.signature.parameters.get(index) {
            Some(Pattern::Lambda(_, result)) => match &**result {
                Pattern::Variable(name) => {
                    self.variables.insert(*name, ty.clone());
                    ty.clone()
                }
                other => self.concrete(other),
            },
            _ => ty.clone(),
        }
    }

    /// The type of the result. `digits` is the value of a literal last argument, for `round`.
    pub(crate) fn result(&self, digits: Option<i32>) -> DataType {
        match &self.signature.result {
            Pattern::Rule(name) => rule(name, &self.arguments, digits),
            other => self.concrete(other),
        }
    }

    /// Whether the result may be NULL, given which arguments may.
    pub(crate) fn nullable(&self, arguments: &[bool]) -> bool {
        match self.signature.null {
            Null::Always => true,
            Null::Never => false,
            Null::AnyArgument => arguments.iter().any(|nullable| *nullable),
            Null::AllArguments => arguments.iter().all(|nullable| *nullable),
        }
    }

    fn concrete(&self, pattern: &Pattern) -> DataType {
        match pattern {
            Pattern::Type(ty) => ty.clone(),
            Pattern::Variable(name) => self.variables.get(name).cloned().unwrap_or(DataType::Null),
            Pattern::Array(element) => DataType::Array(Box::new(self.concrete(element))),
            Pattern::Map(key, value) => DataType::Map(Box::new(self.concrete(key)), Box::new(self.concrete(value))),
            Pattern::Integral => DataType::Int,
            _ => DataType::Null,
        }
    }
}

fn fit(signature: &'static Signature, arguments: &[Argument], exact: bool) -> Option<Call> {
    let most = if signature.repeated { usize::MAX } else { signature.parameters.len() };
    if arguments.len() + signature.optional < signature.parameters.len() || arguments.len() > most {
        return None;
    }
    let mut call = Call { signature, arguments: Vec::new(), variables: BTreeMap::new() };
    let pattern = |index: usize| signature.parameters.get(index).or(signature.parameters.last());
    for (index, argument) in arguments.iter().enumerate() {
        match (argument, pattern(index)?) {
            (Argument::Value { ty }, pattern) => bind(pattern, ty, &mut call.variables)?,
            (Argument::Lambda(count), Pattern::Lambda(parameters, _)) if parameters.len() == *count => {}
            (Argument::Lambda(_), _) => return None,
        }
    }
    for (index, argument) in arguments.iter().enumerate() {
        let ty = match argument {
            Argument::Value { ty } => converted(pattern(index)?, ty, &call, exact)?,
            Argument::Lambda(_) => DataType::Null,
        };
        call.arguments.push(ty);
    }
    Some(call)
}

/// Lets the variables of a parameter take in the type of its argument.
fn bind(pattern: &Pattern, ty: &DataType, variables: &mut BTreeMap<char, DataType>) -> Option<()> {
    match (pattern, ty) {
        (Pattern::Variable(name), ty) => {
            let known = variables.get(name).cloned().unwrap_or(DataType::Null);
            variables.insert(*name, common_type(&known, ty)?);
        }
        (Pattern::Array(element), DataType::Array(ty)) => bind(element, ty, variables)?,
        (Pattern::Map(key, value), DataType::Map(key_ty, value_ty)) => {
            bind(key, key_ty, variables)?;
            bind(value, value_ty, variables)?;
        }
        _ => {}
    }
    Some(())
}

/// The type that an argument becomes; None if it is not taken.
fn converted(pattern: &Pattern, ty: &DataType, call: &Call, exact: bool) -> Option<DataType> {
    let wanted = match pattern {
        Pattern::Any => return Some(ty.clone()),
        Pattern::Lambda(..) | Pattern::Rule(_) => return None,
        Pattern::Number => match ty {
            DataType::String | DataType::Null if !exact => DataType::Double,
            ty if ty.is_numeric() => ty.clone(),
            _ => return None,
        },
        Pattern::Integral => match ty {
            DataType::String | DataType::Null if !exact => DataType::BigInt,
            ty if ty.is_integral() => ty.clone(),
            _ => return None,
        },
        Pattern::Array(_) | Pattern::Map(..) if matches!(ty, DataType::Null) => call.concrete(pattern),
        other => call.concrete(other),
    };
    let taken = if exact {
        !loses(ty, &wanted) || matches!(pattern, Pattern::Variable(_)) && implicit(ty, &wanted)
    } else {
        implicit(ty, &wanted)
    };
    taken.then_some(wanted)
}
