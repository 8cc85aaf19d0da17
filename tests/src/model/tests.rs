//! The rules find what they should, and the list of pairs is one.

use super::*;

/// I-1 to I-4, I-11: a rule that no mistake breaks holds nothing.
#[test]
fn i1_i2_i3_i4_i11_i16_f54_every_mistake_on_purpose_breaks_its_rule() {
    for (plant, scene, rule) in Plant::ALL {
        let mut scene = scenes(true).into_iter().find(|each| each.name == scene).unwrap();
        scene.plant = Some(plant);
        scene.attempts = 1;
        let outcome = walk(&scene, &Arc::new(Seen::default()), 1);
        let broken: Vec<_> = outcome.violations.iter().map(|(rule, _)| *rule).collect();
        assert!(broken.contains(&rule), "{plant:?} breaks {broken:?}");
        let (_, way) = &outcome.violations[0];
        assert!(way.len() > 3, "the way there is told: {way:?}");
    }
}

#[test]
fn the_list_of_pairs_has_every_pair_once() {
    let list = include_str!("../../../shared/testdata/pairs.txt");
    assert_eq!(list.lines().count(), pairs().count());
    let empty = print_pairs(&Seen::default());
    for (line, bare) in list.lines().zip(empty.lines()) {
        assert_eq!(line.split(" = ").next(), bare.split(" = ").next());
    }
    assert!(pairs().any(reachable) && !pairs().all(reachable));
}
