//! What is asked of a parsed value. A trait, so that tests on the host, which has no JavaScript,
//! read what `serde_json` has parsed.

use js_sys::{Array, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};

pub trait Value {
    fn text(&self) -> Option<String>;
    fn number(&self) -> Option<f64>;
    fn boolean(&self) -> Option<bool>;
    /// `undefined`.
    fn is_missing(&self) -> bool;
    /// `undefined` or `null`.
    fn is_absent(&self) -> bool;
    /// Lists are objects to JavaScript; not here.
    fn is_object(&self) -> bool;
    /// Of a list.
    fn length(&self) -> Option<u32>;
    fn item(&self, index: u32) -> Self;
    fn member(&self, name: &str) -> Self;
}

impl Value for JsValue {
    fn text(&self) -> Option<String> {
        self.as_string()
    }

    fn number(&self) -> Option<f64> {
        self.as_f64()
    }

    fn boolean(&self) -> Option<bool> {
        self.as_bool()
    }

    fn is_missing(&self) -> bool {
        self.is_undefined()
    }

    fn is_absent(&self) -> bool {
        self.is_null() || self.is_undefined()
    }

    fn is_object(&self) -> bool {
        Self::is_object(self) && !Array::is_array(self)
    }

    fn length(&self) -> Option<u32> {
        Array::is_array(self).then(|| self.unchecked_ref::<Array>().length())
    }

    fn item(&self, index: u32) -> Self {
        self.unchecked_ref::<Array>().get(index)
    }

    fn member(&self, name: &str) -> Self {
        Reflect::get(self, &Self::from_str(name)).unwrap_or(Self::UNDEFINED)
    }
}

#[cfg(test)]
pub mod tests {
    /// What a browser would have parsed; `None` is `undefined`.
    pub struct Parsed(pub Option<serde_json::Value>);

    impl crate::json::value::Value for Parsed {
        fn text(&self) -> Option<String> {
            self.0.as_ref()?.as_str().map(str::to_owned)
        }

        fn number(&self) -> Option<f64> {
            self.0.as_ref()?.as_f64()
        }

        fn boolean(&self) -> Option<bool> {
            self.0.as_ref()?.as_bool()
        }

        fn is_missing(&self) -> bool {
            self.0.is_none()
        }

        fn is_absent(&self) -> bool {
            self.0.as_ref().is_none_or(serde_json::Value::is_null)
        }

        fn is_object(&self) -> bool {
            self.0.as_ref().is_some_and(serde_json::Value::is_object)
        }

        fn length(&self) -> Option<u32> {
            self.0.as_ref()?.as_array()?.len().try_into().ok()
        }

        fn item(&self, index: u32) -> Self {
            Self(self.0.as_ref().and_then(|list| list.get(index as usize)).cloned())
        }

        fn member(&self, name: &str) -> Self {
            Self(self.0.as_ref().and_then(|object| object.get(name)).cloned())
        }
    }
}
