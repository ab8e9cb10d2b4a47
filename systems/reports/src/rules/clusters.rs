//! Which open reports lie together, so that one person looks at one place once.

use crate::rules::Place;

/// What is put together.
#[derive(Clone, Debug)]
pub struct Item {
    /// Where; none for a report with an address only.
    pub place: Option<Place>,
    /// The asset that was found at the position.
    pub asset: Option<String>,
}

/// Groups of indices: two reports are together if they lie within so many metres of one another or on the same asset, and so are
/// all that are linked by such pairs. Groups come in the order of their first member, members in the order given.
pub fn clusters(items: &[Item], distance_m: f64) -> Vec<Vec<usize>> {
    let mut leader: Vec<usize> = (0..items.len()).collect();
    let mut by_latitude: Vec<(usize, Place)> =
        items.iter().enumerate().filter_map(|(index, item)| Some((index, item.place?))).collect();
    by_latitude.sort_by(|a, b| a.1.latitude.total_cmp(&b.1.latitude));
    let reach = Place { latitude: 0.0, longitude: 0.0 }.around(distance_m).north;
    for (position, (a, here)) in by_latitude.iter().enumerate() {
        // Only those within a band of latitude can be near, so that ten thousand reports need no hundred million comparisons.
        let band = by_latitude[position + 1..].iter().take_while(|(_, there)| there.latitude - here.latitude <= reach);
        for (b, there) in band {
            if here.distance_m(*there) <= distance_m {
                join(&mut leader, *a, *b);
            }
        }
    }
    let mut first_of_asset = std::collections::HashMap::new();
    for (index, asset) in items.iter().enumerate().filter_map(|(index, item)| Some((index, item.asset.as_ref()?))) {
        match first_of_asset.get(asset) {
            Some(first) => join(&mut leader, *first, index),
            None => drop(first_of_asset.insert(asset, index)),
        }
    }
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut place_of = std::collections::HashMap::new();
    for index in 0..items.len() {
        let group = *place_of.entry(find(&mut leader, index)).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[group].push(index);
    }
    groups
}

fn find(leader: &mut [usize], index: usize) -> usize {
    let mut root = index;
    while leader[root] != root {
        root = leader[root];
    }
    let mut next = index;
    while leader[next] != root {
        next = std::mem::replace(&mut leader[next], root);
    }
    root
}

fn join(leader: &mut [usize], a: usize, b: usize) {
    let (a, b) = (find(leader, a), find(leader, b));
    leader[a.max(b)] = a.min(b);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(metres_north: f64) -> Item {
        Item { place: Place::new(35.4378 + metres_north / 111_195.0, 139.4269), asset: None }
    }

    fn on(metres_north: f64, asset: &str) -> Item {
        Item { asset: Some(asset.to_owned()), ..at(metres_north) }
    }

    #[test]
    fn chains_hang_together_and_others_stand_alone() {
        let items = [at(0.0), at(500.0), at(25.0), at(50.0), Item { place: None, asset: None }];
        assert_eq!(clusters(&items, 30.0), [vec![0, 2, 3], vec![1], vec![4]]);
        assert_eq!(clusters(&items, 10.0).len(), 5);
        assert!(clusters(&[], 30.0).is_empty());
    }

    #[test]
    fn one_asset_is_one_place() {
        let items = [on(0.0, "lamp"), on(200.0, "lamp"), on(400.0, "other")];
        assert_eq!(clusters(&items, 30.0), [vec![0, 1], vec![2]]);
    }

    #[test]
    fn ten_thousand_are_no_burden() {
        let items: Vec<Item> = (0..10_000).map(|n| at(f64::from(n) * 100.0)).collect();
        assert_eq!(clusters(&items, 30.0).len(), 10_000);
    }
}
