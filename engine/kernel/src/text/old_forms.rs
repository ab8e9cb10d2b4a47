//! Old and variant kanji forms (旧字体・異体字) and the common form under which they are searched and compared.
//!
//! A family registered as 渡邉, 渡邊 or 渡辺 must be found by whichever form the clerk can type. The table covers the
//! former forms of the 常用漢字 and 人名用漢字 tables, the printing forms of JIS X 0213, and variants that are frequent
//! in surnames and place names. Where two characters differ in meaning but are confused in names (斉 and 斎), they
//! share a group on purpose: finding one family too many does less harm than finding one too few.
//!
//! Checked against the Unihan database of Unicode 15: every pair of its kZVariant within JIS X 0213 and every former form that its
//! kJoyoKanji and kJinmeiyoKanji name falls together here, and of its kSemanticVariant those that occur in names and addresses.
//!
//! Compatibility ideographs (U+F900…) that Unicode itself decomposes are not listed: NFKC has resolved them before this
//! table is asked.

use std::sync::LazyLock;

/// Groups separated by white space. The first character of a group is the common form, the others are folded into it.
const GROUPS: &str = "
    亜亞 悪惡 圧壓 囲圍 医醫 為爲 壱壹弌 飲飮 隠隱 栄榮 営營 鋭銳 衛衞 詠咏 駅驛 悦悅 閲閱 円圓 塩鹽 園薗 煙烟菸
    縁緣 艶艷 応應 往徃 欧歐 殴毆 桜櫻 奥奧 横橫 温溫 穏穩 仮假 価價 画畫 会會 絵繪 壊壞 懐懷 概槪 拡擴 殻殼
    覚覺 学學斈 岳嶽 楽樂 渇渴 缶罐 刊刋 巻卷 陥陷 勧勸 寛寬 関關 歓歡 観觀 間閒 館舘 顔顏 既旣 気氣 帰歸 亀龜⻲ 偽僞
    戯戲 犠犧 却卻 脚腳 旧舊 拠據 挙擧 虚虛 峡峽 挟挾 狭狹 教敎 郷鄕鄉 暁曉 区區 駆驅駈 勲勳勛 薫薰 群羣 径徑
    茎莖 恵惠 啓啟 掲揭 渓溪谿 経經 蛍螢 軽輕 継繼 携攜 鶏鷄雞 芸藝 撃擊 欠缺 決决 研硏 県縣 倹儉 剣劍劔劒剱釼 険險
    圏圈 検檢 献獻 権權 顕顯 験驗 減减 厳嚴 戸戶 呉吳吴 娯娛 広廣 効效 恒恆 黄黃⻩ 鉱鑛礦砿 号號 告吿 国國囯圀
    黒黑 歳歲 砕碎 済濟 斉齊斎齋⻫亝斋 剤劑 冊册 雑雜襍 参參叅 惨慘 桟棧 蚕蠶 産產 賛贊 残殘 姉姊 糸絲 歯齒⻭ 児兒 辞辭
    湿濕 実實寔 写寫 舎舍 釈釋 寿壽 収收 衆眾 従從从 渋澁澀 獣獸 縦縱 粛肅 処處 緒緖 叙敍敘 尚尙 将將 称稱
    渉涉 焼燒 証證 奨奬獎 条條 状狀 乗乘 浄淨 剰剩 畳疊疉叠疂 縄繩 壌壤 嬢孃 譲讓 醸釀 触觸 嘱囑 唇脣 真眞 寝寢
    慎愼 尽盡 図圖 粋粹 酔醉 随隨 髄髓 穂穗 枢樞 数數 瀬瀨 声聲 青靑⻘ 清淸 静靜 税稅 跡迹 説說 絶絕 摂攝 窃竊 専專
    浅淺 戦戰 践踐 銭錢 潜潛濳 繊纖 船舩舡 禅禪 双雙 壮壯 争爭 荘莊 捜搜 挿插揷 巣巢 曽曾 窓窗窻 装裝 痩瘦 総總緫
    騒騷 増增 蔵藏 臓臟 即卽 属屬 続續 堕墮 対對 体體軆躰 帯帶 滞滯 台臺 滝瀧 択擇 沢澤 脱脫 担擔 単單 胆膽 団團
    断斷 弾彈 値值 遅遲 稚穉 痴癡 虫蟲 昼晝 鋳鑄 庁廳廰 徴徵 聴聽 勅敕 鎮鎭 逓遞 鉄鐵銕 点點 転轉 伝傳 灯燈 当當
    党黨 島嶋嶌嶹 盗盜 稲稻 闘鬪鬭 徳德悳 独獨 読讀 届屆 内內 弐貳弍 悩惱 脳腦 覇霸 拝拜 杯盃 廃廢 売賣 麦麥⻨ 発發 髪髮
    抜拔 晩晚 蛮蠻 秘祕 姫姬 氷冰 浜濱濵 賓賔 瓶甁 富冨 払拂 仏佛 併倂 並竝 餅餠 辺邊邉边 変變 弁辨瓣辯 舗鋪舖 歩步 宝寶寳
    豊豐 褒襃 峰峯 没沒 本夲 翻飜 毎每 万萬 満滿 夢梦 麺麵麪 黙默 弥彌 訳譯 薬藥 野埜 与與 予豫 余餘 誉譽 揺搖 様樣
    謡謠 来來 頼賴 裏裡 乱亂 覧覽 柳栁桺 略畧 竜龍⻯ 両兩 猟獵 涼凉 緑綠 隣鄰 涙淚泪 塁壘 礼禮 励勵 戻戾 霊靈灵 隷隸 齢齡
    暦曆 歴歷 恋戀 錬鍊 炉爐 労勞 郎郞 楼樓 録錄 湾灣 沖冲 凄淒 況况 凡凢 刃刄 垂埀 多夛 宮宫 考攷 坑阬 厨廚

    倶俱 侠俠 侭儘 凛凜 剥剝 叱𠮟 吉𠮷 唖啞 嘘噓 噛嚙 嚢囊 喜㐂 哲喆 善譱 嘩譁 填塡 壷壺 土圡𡈽 妍姸 婿壻聟 屏屛 巌巖
    崎﨑嵜㟢碕𥔎 廟庿 厩廐廏 并幷 弯彎 彦彥 徠徕 協恊 掻搔 攅攢 撹攪 昂昻 昇曻 晃晄 晋晉 晒曬 曹曺 朶朵 村邨 松枩柗
    柏栢 栃杤 桑桒 桝枡 桧檜 梅楳槑 碁棊 橋槗𣘺 槙槇 樽罇 檮梼 鬱欝 涛濤 涜瀆 淵渊渕 潅灌 溌潑 漑溉
    瀕濒 焔焰燄 熙煕熈凞 珍珎 瑶瑤 秋穐秌龝 砺礪 祢禰袮 祷禱 禄祿 稟禀 穣穰 竃竈灶 箪簞 籠篭 繋繫 纏纒 聡聰
    膿脓 臈臘﨟 艪艣 芦蘆 苺莓 荊荆 莱萊 萌萠 蒋蔣 蕊蘂蕋 薮藪籔 蘇蘓 蝉蟬 蝋蠟 蛎蠣 蠅蝿 諌諫 讃讚 讐讎 賎賤 贋贗
    躯軀 輌輛 迩邇 返﨤 遁遯 遥遙 醤醬 醗醱 鈎鉤 鎌鐮 鑑鑒 雁鴈 靱靭 頚頸 頬頰 頴穎 顛顚 騨驒 高髙 鯵鰺 鴎鷗 鵞鵝
    鶴靏靍鸖靎寉 鹸鹼 麹麴麯 鼓皷鼔 鼠鼡 尭堯 亘亙 卯夘 猪豬 兎兔 遡溯 繍繡綉 嬰孾 蔑衊

    今𫝆 臼𦥑 勢㔟 兜兠 功㓛 達逹 釜釡 鎖鎻 鴬鶯 蓋葢盖 留畄 磯礒 奇竒 旗籏 翠翆 恥耻 脈脉 解觧 質貭 轟軣 遠逺 閉閇 駄馱 宜冝宐
    卒卆 世卋 呑吞 回囘 密宻 克尅 嵯嵳 紙帋 庶庻 廼迺 彝彜 倅忰 怪恠 皓晧 映暎 曳曵 毘毗 汚汙 湧涌 須湏 猫貓 妙玅 琴琹 嘗甞 耕畊
    糧粮 皐皋臯 筝箏 籤籖 飾餝 腸膓

    王⺩ 巳⺒ 民⺠ 虎⻁ 西⻄ 角⻆ 長⻑ 食⻝ 鬼⻤

    場塲 暖煖 栖棲 稜棱楞 穀糓 筍笋 篠筱 線綫 綿緜 鉢缽 葱蔥 萼蕚 鉛鈆 熔鎔 陰隂阴 陽阳 韮韭 韻韵 飢饑
    鰐鱷 和龢 坤堃 岡崗 峨峩 崙崘 彫雕 昏昬 晰晳 耀燿 朴樸 楠枏 梁樑 棕椶 椀碗盌 汎泛 沈沉 泄洩 泉洤
    浚濬 淳湻 渚陼 闊濶 災灾 煮煑 狸貍 猿猨 甕瓮 畝畆 疎疏 痺痹 皎皦 眦眥 砧碪 碍礙 窯窰 罪辠 職軄
    肇肈 蜂蠭 蟹蠏 袴褲 賢贒 踊踴 軟輭 遷迁 逃迯 廻迴 迪廸 迫廹 酬酧醻 頤頣 事亊 個箇个 同仝 仙僊 湊凑
    函凾 博愽 廁厠 廈厦 叡睿 叢樷 呪咒 嘆歎 器噐 妊姙 奈柰 庵菴 憩憇 掛挂 望朢 朗朖 紘絋 絙絚 強强
    丘坵 寇冦 幡旛 欅櫸 檪櫟 藁藳 輩軰 靴鞾 駝駞 鰌鰍 鵜鴺 鴉鵶 昵暱 膳饍 膾鱠 糖餹 粽糉 羹羮 羨羡
";

/// Every variant with its common form, sorted by variant.
static TABLE: LazyLock<Vec<(char, char)>> = LazyLock::new(|| {
    let mut table: Vec<(char, char)> = GROUPS
        .split_whitespace()
        .filter_map(|group| {
            let mut forms = group.chars();
            forms.next().map(|common| forms.map(move |variant| (variant, common)))
        })
        .flatten()
        .collect();
    table.sort_unstable();
    table
});

/// The common form of a kanji; any other character is returned as it is.
pub(crate) fn common_form(character: char) -> char {
    if character < '\u{2E80}' {
        return character;
    }
    match TABLE.binary_search_by_key(&character, |(variant, _)| *variant) {
        Ok(index) => TABLE[index].1,
        Err(_) => character,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use unicode_normalization::UnicodeNormalization;

    use super::*;

    #[test]
    fn a_variant_has_exactly_one_common_form() {
        let variants: HashSet<char> = TABLE.iter().map(|(variant, _)| *variant).collect();
        assert_eq!(variants.len(), TABLE.len(), "a variant is listed twice");
        for (variant, common) in TABLE.iter() {
            assert!(!variants.contains(common), "{common} is itself folded, so {variant} would need two steps");
        }
    }

    #[test]
    fn no_entry_is_hidden_by_nfkc() {
        for (variant, common) in TABLE.iter() {
            for form in [variant, common] {
                assert!(form.nfkc().eq([*form]), "NFKC replaces {form} before the table sees it");
            }
        }
    }

    #[test]
    fn surnames_meet() {
        for (variants, common) in [
            ("邉邊", '辺'),
            ("齋齊斎", '斉'),
            ("髙", '高'),
            ("﨑嵜", '崎'),
            ("濱濵", '浜'),
            ("𠮷", '吉'),
            ("澤", '沢'),
            ("廣", '広'),
            ("嶋嶌", '島'),
            ("冨", '富'),
            ("桒", '桑'),
            ("栁桺", '柳'),
            ("眞", '真'),
            ("舘", '館'),
            ("碕𥔎", '崎'),
            ("亝斋", '斉'),
            ("崗", '岡'),
            ("嶹", '島'),
            ("边", '辺'),
            ("韭", '韮'),
            ("筱", '篠'),
            ("緜", '綿'),
        ] {
            for variant in variants.chars() {
                assert_eq!(common_form(variant), common);
            }
        }
    }

    #[test]
    fn different_words_stay_apart() {
        for (one, other) in [('埼', '崎'), ('坂', '阪'), ('畑', '畠'), ('太', '大'), ('士', '土'), ('己', '巳')]
        {
            assert_ne!(common_form(one), common_form(other));
        }
    }
}
