//! Routes that remember their addresses.
//!
//! axum's router does not tell what it routes, and what nobody can list nobody can check. So every part of the site puts
//! its routes together here, and so do the systems' pages; a test walks all of them as every role, and one that it does
//! not know who may use fails it (`app/src/walk`). Only what is routed once around the whole site stands outside.

use axum::Router;
use axum::handler::Handler;
use axum::routing::MethodRouter;
use http::Method;

use crate::state::Desk;

/// Routes with their addresses, put together like a [`Router`].
#[derive(Default)]
pub struct Routes {
    router: Router<Desk>,
    listed: Vec<Route>,
}

/// One method of one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The address, with its parameters in braces.
    pub path: &'static str,
}

/// What answers at one address, by method.
pub struct Methods {
    router: MethodRouter<Desk>,
    listed: Vec<Method>,
}

impl Routes {
    /// No routes yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an address.
    #[must_use]
    pub fn route(mut self, path: &'static str, methods: Methods) -> Self {
        self.listed.extend(methods.listed.into_iter().map(|method| Route { method, path }));
        Self { router: self.router.route(path, methods.router), listed: self.listed }
    }

    /// Adds other routes.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.listed.extend(other.listed);
        Self { router: self.router.merge(other.router), listed: self.listed }
    }

    /// Puts something before all routes so far, as [`Router::layer`] does.
    #[must_use]
    pub fn behind(self, layer: impl FnOnce(Router<Desk>) -> Router<Desk>) -> Self {
        Self { router: layer(self.router), listed: self.listed }
    }

    /// All of them, in the order in which they were added.
    #[must_use]
    pub fn listed(&self) -> &[Route] {
        &self.listed
    }

    /// The router.
    pub fn into_router(self) -> Router<Desk> {
        self.router
    }
}

/// What answers `GET` (and `HEAD`) at an address.
pub fn get<H: Handler<T, Desk>, T: 'static>(handler: H) -> Methods {
    Methods::none().get(handler)
}

/// What answers `POST` at an address.
pub fn post<H: Handler<T, Desk>, T: 'static>(handler: H) -> Methods {
    Methods::none().post(handler)
}

impl Methods {
    fn none() -> Self {
        Self { router: MethodRouter::new(), listed: Vec::new() }
    }

    fn and(mut self, method: Method, add: impl FnOnce(MethodRouter<Desk>) -> MethodRouter<Desk>) -> Self {
        self.listed.push(method);
        Self { router: add(self.router), listed: self.listed }
    }

    /// Adds `GET` (and `HEAD`).
    #[must_use]
    pub fn get<H: Handler<T, Desk>, T: 'static>(self, handler: H) -> Self {
        self.and(Method::GET, |router| router.get(handler))
    }

    /// Adds `POST`.
    #[must_use]
    pub fn post<H: Handler<T, Desk>, T: 'static>(self, handler: H) -> Self {
        self.and(Method::POST, |router| router.post(handler))
    }

    /// Adds `PUT`.
    #[must_use]
    pub fn put<H: Handler<T, Desk>, T: 'static>(self, handler: H) -> Self {
        self.and(Method::PUT, |router| router.put(handler))
    }

    /// Adds `PATCH`.
    #[must_use]
    pub fn patch<H: Handler<T, Desk>, T: 'static>(self, handler: H) -> Self {
        self.and(Method::PATCH, |router| router.patch(handler))
    }

    /// Adds `DELETE`.
    #[must_use]
    pub fn delete<H: Handler<T, Desk>, T: 'static>(self, handler: H) -> Self {
        self.and(Method::DELETE, |router| router.delete(handler))
    }
}
