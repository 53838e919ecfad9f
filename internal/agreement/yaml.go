package agreement

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a file. The YAML parser takes time with the square of the keys of one mapping and stack with the depth, so
// both are bounded before it runs.
const (
	maxBytes  = 1 << 20
	maxTokens = 60_000
	maxDepth  = 24
)

// readTree parses YAML to its one document, or reports what is wrong and gives nil.
func readTree(src []byte, p *problems) (root ast.Node) {
	if len(src) > maxBytes {
		p.add(place{1, 1}, "", fault{fmt.Sprintf("the file has %d bytes", len(src)), "at most 1 MiB", "keep lists of hosts and texts elsewhere"})
		return nil
	}
	text := strings.TrimPrefix(string(src), "\ufeff")
	p.lines = strings.Split(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n"), "\n")
	if f := refuseBytes(text); f != nil {
		p.add(f.at, "", f.fault)
		return nil
	}
	defer func() { // the parser is foreign code, and its input is hostile
		if recover() != nil {
			root = nil
			p.add(place{1, 1}, "", fault{"this cannot be read as YAML", "", "write it anew, beginning with `candor agreement init`"})
		}
	}()
	tokens := lexer.Tokenize(text)
	if f := refuseTokens(tokens); f != nil {
		p.add(f.at, "", f.fault)
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		p.add(syntaxPlace(err), "", fault{syntaxWords(err), "YAML", "mend the syntax; a text with : or # in it needs quotes"})
		return nil
	}
	return onlyDocument(file, p)
}

func onlyDocument(file *ast.File, p *problems) ast.Node {
	var root ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if root != nil {
			p.add(placeOf(doc.Body), "", fault{"a second document begins here", "one agreement in one file", "put it into a file of its own"})
			return nil
		}
		root = doc.Body
	}
	if root == nil {
		p.add(place{1, 1}, "", fault{"the file is empty", "", "begin with `candor agreement init`"})
	}
	return root
}

// refusal is a fault with its place.
type refusal struct {
	at place
	fault
}

// refuseBytes refuses what is not printable UTF-8 text.
func refuseBytes(text string) *refusal {
	line, column := 1, 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		column++
		switch {
		case r == '\n':
			line, column = line+1, 0
		case r == utf8.RuneError && size <= 1, r < ' ' && r != '\t' && r != '\r', r == 0x7f:
			return &refusal{place{line, column}, fault{"a byte that is no text stands here", "UTF-8 text", "save the file as UTF-8 text"}}
		}
		i += size
	}
	return nil
}

// refuseTokens refuses what an agreement never needs and a hostile file may use, and bounds size and depth.
func refuseTokens(tokens token.Tokens) *refusal {
	if len(tokens) > maxTokens {
		return &refusal{place{1, 1}, fault{fmt.Sprintf("the file has more than %d words and marks", maxTokens), "", "keep lists of hosts and texts elsewhere"}}
	}
	depth := depthGauge{}
	for _, t := range tokens {
		at := place{t.Position.Line, t.Position.Column}
		if what := unwanted(t.Type); what != "" {
			return &refusal{at, fault{what + " are not allowed", "plain keys, values and lists", "write the value out where it belongs"}}
		}
		if depth.deeper(t) {
			return &refusal{at, fault{"this is nested too deeply", fmt.Sprintf("at most %d levels", maxDepth), "mend the indentation or the brackets"}}
		}
	}
	return nil
}

func unwanted(t token.Type) string {
	switch t {
	case token.AnchorType:
		return "anchors (&)"
	case token.AliasType:
		return "aliases (*)"
	case token.MergeKeyType:
		return "merge keys (<<)"
	case token.TagType:
		return "tags (!)"
	case token.DirectiveType:
		return "directives (%)"
	case token.MappingKeyType:
		return "complex keys (?)"
	}
	return ""
}

// depthGauge estimates nesting from tokens: open brackets, lines that begin further right, and list marks on one line.
type depthGauge struct {
	brackets int
	line     int
	marks    int   // list marks on this line
	columns  []int // where the enclosing lines begin
}

func (g *depthGauge) deeper(t *token.Token) bool {
	switch t.Type {
	case token.SequenceStartType, token.MappingStartType:
		g.brackets++
	case token.SequenceEndType, token.MappingEndType:
		g.brackets--
	}
	if t.Position.Line != g.line {
		g.line, g.marks = t.Position.Line, 0
		for len(g.columns) > 0 && g.columns[len(g.columns)-1] >= t.Position.Column {
			g.columns = g.columns[:len(g.columns)-1]
		}
		if g.brackets == 0 {
			g.columns = append(g.columns, t.Position.Column)
		}
	}
	if g.brackets == 0 && (t.Type == token.SequenceEntryType || t.Type == token.MappingValueType) {
		g.marks++ // within brackets a line may hold many keys
	}
	return max(g.brackets, 0)+len(g.columns)+g.marks > maxDepth
}

func syntaxPlace(err error) place {
	var at interface{ GetToken() *token.Token }
	if errors.As(err, &at) && at.GetToken() != nil && at.GetToken().Position != nil {
		return place{at.GetToken().Position.Line, at.GetToken().Position.Column}
	}
	return place{1, 1}
}

func syntaxWords(err error) string {
	var message interface{ GetMessage() string }
	if errors.As(err, &message) && strings.Contains(message.GetMessage(), "'\t'") {
		return "this is not YAML: a tab stands where spaces belong"
	}
	if message != nil {
		return "this is not YAML: " + Plain(message.GetMessage())
	}
	return "this is not YAML"
}

// placeOf is where a node begins.
func placeOf(n ast.Node) place {
	switch v := n.(type) {
	case *ast.MappingNode:
		if !v.IsFlowStyle && len(v.Values) > 0 {
			return placeOf(v.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return placeOf(v.Key)
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return place{t.Position.Line, t.Position.Column}
	}
	return place{1, 1}
}
