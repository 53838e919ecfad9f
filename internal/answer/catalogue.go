package answer

import "candor/internal/verdict"

// Entry is a question of the catalogue as people ask it. A phrase is words in this order, with at most two others between each;
// a star stands for any end of a word.
type Entry struct {
	Question verdict.Question
	Ask      string   // the question as it is answered; %s is whom it asks about
	Example  string   // free wording that is understood
	Phrases  []string // any of them makes it this question
	General  []string // make it this question when no other fits
}

// AnyMachine is whom a question asks about when it names nobody.
const AnyMachine = "any machine"

// Catalogue lists the questions and the words by which each is known. Wording is matched by this table alone, so that whoever
// asks can see why he was understood as he was.
func Catalogue() []Entry { return append(remoteEntries(), ownEntries()...) }

// remoteEntries are the questions about machines that somebody else steers.
func remoteEntries() []Entry {
	return []Entry{
		{
			Question: verdict.Beaconing, Ask: "Is %s calling home on a beat?", Example: "is 10.1.2.3 beaconing?",
			Phrases: []string{
				"beacon*", "call* home", "phon* home", "calling out regularly", "heartbeat*", "on a beat", "c2", "c&c", "command and control", "callback*",
				"regular* call*", "regular* connect*", "call* regularly", "connect* regularly", "period* connection*", "period* traffic", "period* call*", "periodic*",
			},
		},
		{
			Question: verdict.Botnet, Ask: "Is %s part of a botnet?", Example: "are we infected?",
			Phrases: []string{"botnet*", "bot", "bots", "zombie*", "icmp tunnel*", "ping tunnel*", "tunnel* ping", "tunnel* icmp"},
			General: []string{
				"infect*", "malware", "compromis*", "hack*", "virus*", "trojan*", "breach*", "intrud*", "intrusion*", "implant*", "pwned", "clean", "safe",
			},
		},
		{
			Question: verdict.DNSTunnel, Ask: "Does data leave %s through DNS?", Example: "is there a DNS tunnel?",
			Phrases: []string{
				"dns tunnel*", "tunnel* dns", "tunnel*", "dns exfil*", "exfil* dns", "data leav* dns", "data dns", "leav* dns", "leak* dns", "through dns", "over dns",
				"via dns", "hid* dns", "dns covert", "covert dns", "data lookups", "tunnel* lookups",
			},
		},
		{
			Question: verdict.DGA, Ask: "Does %s look up generated names?", Example: "any generated domain names?",
			Phrases: []string{
				"dga*", "generated name*", "generated domain*", "generated domain name*", "random name*", "random domain*", "random look* name*", "random look* domain*",
				"domain generation", "nxdomain*", "gibberish", "names not exist",
			},
		},
	}
}

// ownEntries are the questions about what machines do to others, and with data.
func ownEntries() []Entry {
	return []Entry{
		{
			Question: verdict.Scanning, Ask: "Does %s scan others?", Example: "was anybody scanning?",
			Phrases: []string{"scan*", "portscan*", "sweep*", "swept", "probe", "probes", "probed", "probing", "reconnaissance", "recon", "knock* on ports", "tr* many ports"},
		},
		{
			Question: verdict.Exfiltration, Ask: "Is far more data leaving %s than usual?", Example: "any data leaving?",
			Phrases: []string{
				"exfil*", "data leav*", "leav* data", "leak*", "data loss", "data going out", "data gone out", "data sent", "sent data", "data transfer*", "data stolen", "steal*",
				"stole*", "data theft", "theft", "upload*", "outflow*", "data escap*", "more data than usual", "data out", "lost data", "los* data", "files leav*",
			},
		},
		{
			Question: verdict.KnownBad, Ask: "Does %s talk to known bad addresses?", Example: "does anything talk to known bad addresses?",
			Phrases: []string{
				"known bad", "known-bad", "known malicious", "blocklist*", "blacklist*", "indicator*", "ioc", "iocs", "intel", "intelligence", "threat list*", "threat feed*", "watchlist*",
				"bad address*", "bad ip*", "bad domain*", "bad name*", "bad site*", "bad host*", "bad server*", "malicious address*", "malicious ip*", "malicious domain*",
				"malicious site*", "malicious host*", "malicious server*", "on a list", "on any list", "talk* bad",
			},
		},
		{
			Question: verdict.LongConnections, Ask: "Does %s hold connections open for long?", Example: "are there long connections?",
			Phrases: []string{
				"long connection*", "long lived", "long-lived", "longlived", "long session*", "long-running connection*", "long running connection*", "longest connection*",
				"long-standing connection*", "connection* open", "connection* for hours", "stay* open", "stayed open", "kept open", "keep* open", "held open", "hold* open",
				"open for hours", "open for long", "persistent connection*", "connection* long",
			},
		},
		{
			Question: verdict.LateralMovement, Ask: "Does %s move between machines inside?", Example: "is there lateral movement?",
			Phrases: []string{
				"lateral*", "mov* between", "mov* around", "mov* inside", "mov* machine machine", "spread*", "pivot*", "hop* between", "hop* machine machine", "psexec",
				"east-west", "east west", "worm*",
			},
		},
		{
			Question: verdict.SignInAttacks, Ask: "Are passwords being guessed, by or at %s?", Example: "is somebody guessing passwords?",
			Phrases: []string{
				"sign in", "sign-in*", "signin*", "sign ins", "log in", "log ins", "login*", "log-in*", "logon*", "logging in", "brute force*", "brute-force*", "bruteforce*", "brute forc*",
				"password*", "credential*", "guess*", "spray*", "stuffing", "authentication*",
			},
		},
	}
}

// EntryOf is the catalogue's entry of a question.
func EntryOf(q verdict.Question) Entry {
	for _, e := range Catalogue() {
		if e.Question == q {
			return e
		}
	}
	return Entry{Question: q, Ask: "Is there " + string(q) + " of %s?"}
}

// The two lookups, which give rows and no verdict.
const (
	LookupWho  = "who"  // who talked to an address or a name
	LookupWhat = "what" // what a host did
)

// lookupEntry is a lookup as people ask it.
type lookupEntry struct {
	lookup  string
	phrases []string
}

func lookupEntries() []lookupEntry {
	return []lookupEntry{
		{LookupWho, []string{
			"talk* to", "talk* with", "spoke to", "spoke with", "speak* to", "speak* with", "spoken to", "spoken with", "contact*", "connect* to", "connect* with", "connection* to", "connection* with",
			"traffic to", "traffic with", "visit*", "reach*", "call*", "look* up", "ask* for", "resolv*", "communicat* with", "went to", "go* to", "been to", "access*", "quer*", "use*", "using",
		}},
		{LookupWhat, []string{
			"what do*", "what did", "what has done", "what was doing", "what is doing", "what has been doing", "what been up to", "what happen*", "what went on", "show*", "list*", "activit* of",
			"activity", "traffic of", "traffic from", "connections of", "connections from", "everything of", "everything from", "history of", "records of",
		}},
	}
}

// Examples are the lookups' examples.
func Examples() []string {
	return []string{"who talked to 198.51.100.7?", "who talked to evil.example?", "what did 10.1.2.3 do on Tuesday 14:00-15:00?"}
}
