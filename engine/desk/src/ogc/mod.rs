//! Ledgers as geographic services under `/ogc`: OGC API – Features (Part 1 core, Part 2 reference systems, Part 3 filtering) and
//! OGC API – Tiles with Mapbox vector tiles.
//!
//! Every ledger with a place on the map that the caller may read is a collection: a visitor's are the public projections, a
//! program with a token or a signed-in member of the staff sees what the grants give. QGIS and GDAL open `/ogc` by its address.
//! Parameters are read strictly: one that is unknown or wrong is refused by name with 400, as the standard asks.

mod api;
mod collection;
mod collections;
mod crs;
mod extents;
mod feature;
mod items;
mod landing;
mod page;
mod query;
mod tiles;
mod tilesets;

use crate::routes::{Routes, get};

pub(crate) use extents::Extents;

/// Where the services begin.
pub(crate) const ROOT: &str = "/ogc";

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .route("/ogc", get(landing::show))
        .route("/ogc/conformance", get(landing::conformance))
        .route("/ogc/api", get(api::document))
        .route("/ogc/collections", get(collections::list))
        .route("/ogc/collections/{ledger}", get(collections::show))
        .route("/ogc/collections/{ledger}/queryables", get(collections::queryables))
        .route("/ogc/collections/{ledger}/items", get(items::list))
        .route("/ogc/collections/{ledger}/items/{id}", get(items::show))
        .route("/ogc/collections/{ledger}/tiles", get(tilesets::list))
        .route("/ogc/collections/{ledger}/tiles/WebMercatorQuad", get(tilesets::show))
        .route("/ogc/collections/{ledger}/tiles/WebMercatorQuad/{matrix}/{row}/{column}", get(tiles::show))
        .route("/ogc/tileMatrixSets", get(tilesets::matrix_sets))
        .route("/ogc/tileMatrixSets/WebMercatorQuad", get(tilesets::web_mercator_quad))
}
