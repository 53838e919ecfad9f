package days

// stack is software that speaks TLS and HTTP: its fingerprints and how it calls itself.
type stack struct {
	ja4     string // with a server name
	bare    string // without
	quic    string // over QUIC; empty: it does not speak it
	agent   string
	alpn    string
	old     bool // offers TLS 1.2 at most
	sessile bool // asks for HTTPS records (type 65) too
}

// Software of the site. Fingerprints have JA4's form and are made up.
var (
	stackChromium = stack{
		ja4: "t13d1516h2_8daaf6152771_d8a2da3f94cd", bare: "t13i1515h2_8daaf6152771_d8a2da3f94cd", quic: "q13d0312h3_55b375c5d22e_c183556c78e2",
		agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36", alpn: "h2", sessile: true,
	}
	stackEdge = stack{
		ja4: "t13d1516h2_8daaf6152771_e5627efa2ab1", bare: "t13i1515h2_8daaf6152771_e5627efa2ab1", quic: "q13d0312h3_55b375c5d22e_5a1f323f5a3f",
		agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0", alpn: "h2", sessile: true,
	}
	stackFox = stack{
		ja4: "t13d1717h2_5b57614c22b0_3cbfd9057e0d", bare: "t13i1716h2_5b57614c22b0_3cbfd9057e0d", quic: "q13d0311h3_55b375c5d22e_900d63c9c1b5",
		agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0", alpn: "h2",
	}
	stackSafari = stack{
		ja4: "t13d2014h2_a09f3c656075_14788d8d241b", bare: "t13i2013h2_a09f3c656075_14788d8d241b", quic: "q13d0310h3_55b375c5d22e_cd85d2d88918",
		agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15", alpn: "h2", sessile: true,
	}
	stackSystem = stack{ja4: "t13d1814h2_a33745022dd6_1f22a2ca17c4", bare: "t13i181300_a33745022dd6_1f22a2ca17c4", agent: "Microsoft-CryptoAPI/10.0", alpn: "h2"}
	stackApple  = stack{ja4: "t13d2013h2_a09f3c656075_7f0f34a4126d", bare: "t13i2012h2_a09f3c656075_7f0f34a4126d", agent: "com.apple.trustd/3.0", alpn: "h2"}
	stackServer = stack{ja4: "t13d3112h1_e8f1e7e78f70_6bebaf5329ac", bare: "t13i311100_e8f1e7e78f70_6bebaf5329ac", agent: "curl/8.14.1", alpn: "http/1.1"}
	stackAgent  = stack{ja4: "t12d2108h1_76e208dd3e22_2dae41c691ec", bare: "t12i2107h1_76e208dd3e22_2dae41c691ec", agent: "FleetAgent/4.2", alpn: "http/1.1", old: true}
	stackGo     = stack{ja4: "t13d1312h2_f57a46bbacb6_a089e8ae2a1b", bare: "t13i1311h2_f57a46bbacb6_a089e8ae2a1b", agent: "Go-http-client/2.0", alpn: "h2"}
	stackMail   = stack{ja4: "t13d1713h2_5b57614c22b0_043cd1d2ad6d", bare: "t13i171200_5b57614c22b0_043cd1d2ad6d", agent: "Mail/16.0", alpn: ""}
	stackBot    = stack{ja4: "t12d190800_d83cc789557e_7af1ed941c26", bare: "t12i190700_d83cc789557e_7af1ed941c26", agent: "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1)", old: true}
)

// Words that names are made of.
var (
	wordsA = []string{
		"birch", "maple", "harbor", "copper", "lumen", "orchid", "quartz", "raven", "summit", "tidal", "umber", "velvet", "willow", "zephyr", "amber", "cobalt",
		"north", "river", "stone", "green", "silver", "prime", "swift", "bright", "urban", "alpine", "coast", "metro", "solar", "vivid", "clear", "royal",
	}
	wordsB = []string{
		"news", "media", "shop", "cloud", "mail", "travel", "bank", "maps", "games", "docs", "photo", "music", "tools", "forum", "health", "sport",
		"books", "labs", "house", "works", "supply", "store", "press", "times", "data", "motors", "food", "legal", "design", "energy", "parts", "school",
	}
	wordsC    = []string{"ad", "pixel", "tag", "metric", "track", "font", "script", "consent", "video", "sync", "bid", "beacon", "widget", "chat", "cdn", "stat"}
	ends      = []string{"com", "com", "com", "com", "net", "org", "io", "de", "co.uk", "fr", "info"}
	forenames = []string{"ana", "ben", "carla", "dan", "eva", "finn", "gina", "hugo", "ines", "jan", "kim", "leo", "mia", "noah", "olga", "paul"}
	surnames  = []string{"adams", "berg", "chen", "diaz", "ekman", "fox", "green", "hahn", "ivers", "jones", "klein", "lopez", "meyer", "novak", "olsen", "patel"}
	shares    = []string{"fonts", "static", "assets", "img", "api"}
)

// issuers sign what servers show.
var issuers = []string{
	"CN=R12,O=Let's Encrypt,C=US", "CN=DigiCert TLS RSA SHA256 2020 CA1,O=DigiCert Inc,C=US", "CN=WE1,O=Google Trust Services,C=US", "CN=GlobalSign RSA OV SSL CA 2018,O=GlobalSign nv-sa,C=BE",
}
