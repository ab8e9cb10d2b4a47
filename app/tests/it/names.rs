//! External characters come in by file, and papers go out, by command.

use crate::support::on_both_stores;

#[test]
fn external_characters_come_in_and_papers_go_out() {
    on_both_stores(|hall| {
        hall.init();
        let table = hall.file("gaiji.csv", "外字コード,標準文字\nE000,邉\u{E0111}\n");
        assert_eq!(hall.json(&["names", "import", &table, "--dry-run"])["added"], 1);
        assert_eq!(hall.json(&["names", "import", &table])["added"], 1);
        assert_eq!(hall.json(&["names", "import", &table])["unchanged"], 1);
        let bad = hall.file("bad.csv", "外字コード\n葛\n");
        assert!(hall.fails(1, &["names", "import", &bad]).contains("2行目「外字の符号」"));

        let departments = "部局コード,名称,設置年度\nplan,渡\u{E000}課,R3\nlost,\u{E009}課,R3\n";
        let departments = hall.file("departments.csv", departments);
        hall.ok(&["staff", "import", "--departments", &departments]);
        let csv = hall.ok(&["export", "department", "--format", "csv"]);
        let id =
            |name: &str| csv.lines().find(|line| line.contains(name)).unwrap().split(',').next().unwrap().to_owned();
        let paper = hall.path("paper.pdf");
        let out = paper.display().to_string();
        let stopped = hall.run(&["--json", "print", "record", "department", &id("\u{E009}"), "--out", &out]);
        assert!(
            stopped.status == 1 && stopped.out.contains("U+E009") && !paper.exists(),
            "{}{}",
            stopped.out,
            stopped.err
        );
        assert_eq!(hall.json(&["print", "record", "department", &id("渡\u{E000}"), "--out", &out])["pages"], 1);
        assert!(std::fs::read(&paper).unwrap().starts_with(b"%PDF"));
        std::fs::remove_file(&paper).unwrap();
        hall.ok(&["print", "record", "department", &id("\u{E009}"), "--out", &out, "--ordinary"]);
        assert!(paper.exists());
        // In Shift_JIS an external character has the code that the city's other systems know.
        let cp932 = hall.path("departments-cp932.csv").display().to_string();
        hall.ok(&["export", "department", "--format", "csv", "--encoding", "cp932", "--output", &cp932]);
        assert!(std::fs::read(&cp932).unwrap().windows(4).any(|bytes| bytes == [0x93, 0x6E, 0xF0, 0x40]));
    });
}
