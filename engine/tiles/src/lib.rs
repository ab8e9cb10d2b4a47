//! Vector tiles (Mapbox Vector Tile 2.1): geometries with a few properties each, drawn onto the grid of one tile.
//!
//! A tile is a square of 4,096 units. What reaches over its edge is cut a little outside, so that lines and outlines join
//! those of the next tile; what has no extent at this zoom is left out, points that fall together with the point before as
//! well, so that a tile of the whole city is small. No I/O; which records a tile shows is decided by its caller.
//!
//! ```
//! use kawasemi_kernel::Geometry;
//! use kawasemi_tiles::{Property, Square, Tile};
//!
//! let hall = Geometry::point(139.4267, 35.4374)?;
//! let mut tile = Tile::new(Square { zoom: 14, column: 14537, row: 6465 });
//! tile.add_layer("office", [(&hall, vec![("label", Property::Text("市役所".into()))])])?;
//! assert!(!tile.into_bytes()?.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod clip;
mod shape;

use kawasemi_kernel::Geometry;
use shape::Grid;

/// Units along the side of a tile.
pub const EXTENT: u32 = 4096;

/// A tile of WebMercatorQuad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Square {
    /// The zoom level.
    pub zoom: u32,
    /// From west to east.
    pub column: u32,
    /// From north to south.
    pub row: u32,
}

/// The value of a property.
#[derive(Clone, Debug, PartialEq)]
pub enum Property {
    /// Text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A number.
    Real(f64),
    /// Yes or no.
    Bool(bool),
}

/// Why a tile can't be written: two layers of one name, or numbers beyond the format. A defect of the caller.
#[derive(Debug, thiserror::Error)]
#[error("the tile can't be written")]
pub struct TileError(#[from] mvt::Error);

/// A tile that is being put together.
pub struct Tile {
    grid: Grid,
    tile: mvt::Tile,
}

impl Tile {
    /// An empty tile.
    pub fn new(square: Square) -> Self {
        Self { grid: Grid::of(square), tile: mvt::Tile::new(EXTENT) }
    }

    /// Adds a layer of geometries with their properties.
    ///
    /// # Errors
    /// [`TileError`] for a second layer of the same name.
    pub fn add_layer<'a>(
        &mut self,
        name: &str,
        features: impl IntoIterator<Item = (&'a Geometry, Vec<(&'a str, Property)>)>,
    ) -> Result<(), TileError> {
        let mut layer = self.tile.create_layer(name);
        for (geometry, properties) in features {
            let Some(drawn) = self.grid.drawn(geometry)? else { continue };
            let mut feature = layer.into_feature(drawn);
            for (key, value) in properties {
                match value {
                    Property::Text(text) => feature.add_tag_string(key, &text),
                    Property::Int(number) => feature.add_tag_int(key, number),
                    Property::Real(number) => feature.add_tag_double(key, number),
                    Property::Bool(answer) => feature.add_tag_bool(key, answer),
                }
            }
            layer = feature.into_layer();
        }
        // An empty layer says nothing.
        if layer.num_features() > 0 {
            self.tile.add_layer(layer)?;
        }
        Ok(())
    }

    /// The tile as it is sent (`application/vnd.mapbox-vector-tile`); empty where nothing is in it.
    ///
    /// # Errors
    /// Never, as far as the format is concerned.
    pub fn into_bytes(self) -> Result<Vec<u8>, TileError> {
        Ok(self.tile.to_bytes()?)
    }
}
