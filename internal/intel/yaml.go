package intel

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

// Bounds of a safelist. The YAML parser takes time with the square of the keys of one mapping and stack with the depth, so all
// are bounded before it runs.
const (
	maxSafelistBytes  = 1 << 20
	maxSafelistTokens = 60_000
	maxSafelistDepth  = 12
	maxSafelistLine   = 4000
	maxKeysOnALine    = 200
)

// readYAML parses YAML to its one document, or reports what is wrong and gives nil.
func readYAML(src []byte, p *problems) (root ast.Node) {
	if len(src) > maxSafelistBytes {
		p.add(place{1, 1}, fault{fmt.Sprintf("the file has %d bytes", len(src)), "at most 1 MiB", "join entries: networks instead of single addresses"})
		return nil
	}
	text := strings.TrimPrefix(string(src), "\ufeff")
	p.lines = strings.Split(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n"), "\n")
	if at, wrong := refuseText(text); wrong != "" {
		p.add(at, fault{wrong, "UTF-8 text", "save the file as UTF-8 text with short lines"})
		return nil
	}
	defer func() { // the parser is foreign code, and its input is hostile
		if recover() != nil {
			root = nil
			p.add(place{1, 1}, fault{"this cannot be read as YAML", "", "write it anew"})
		}
	}()
	tokens := lexer.Tokenize(text)
	if at, f := refuseTokens(tokens); f.wrong != "" {
		p.add(at, f)
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		p.add(yamlPlace(err), fault{yamlWords(err), "YAML", "mend the syntax; a text with : or # in it needs quotes"})
		return nil
	}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if root != nil {
			p.add(placeOf(doc.Body), fault{"a second document begins here", "one safelist in one file", "join the two"})
			return nil
		}
		root = doc.Body
	}
	return root
}

// refuseText refuses what is not printable UTF-8 text, and lines that are too long.
func refuseText(text string) (place, string) {
	line, column, width := 1, 0, 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		column, width = column+1, width+size
		switch {
		case r == '\n':
			line, column, width = line+1, 0, 0
		case r == utf8.RuneError && size <= 1, r < ' ' && r != '\t' && r != '\r', r == 0x7f:
			return place{line, column}, "a byte that is no text stands here"
		case width > maxSafelistLine:
			return place{line, 1}, fmt.Sprintf("this line has more than %d bytes", maxSafelistLine)
		}
		i += size
	}
	return place{}, ""
}

// refuseTokens refuses what a safelist never needs and a hostile file may use, and bounds size and depth.
func refuseTokens(tokens token.Tokens) (place, fault) {
	if len(tokens) > maxSafelistTokens {
		return place{1, 1}, fault{fmt.Sprintf("the file has more than %d words and marks", maxSafelistTokens), "", "join entries: networks instead of single addresses"}
	}
	var g gauge
	for _, t := range tokens {
		at := place{t.Position.Line, t.Position.Column}
		if what := unwanted(t.Type); what != "" {
			return at, fault{what + " are not allowed", "plain keys, values and lists", "write the value out where it belongs"}
		}
		if g.deeper(t) {
			return at, fault{"this is nested too deeply", "a list of entries with keys", "mend the indentation or the brackets"}
		}
	}
	return place{}, fault{}
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

// gauge estimates nesting from tokens: open brackets, lines that begin further right, and marks on one line.
type gauge struct {
	brackets, line, marks int
	columns               []int // where the enclosing lines begin
}

func (g *gauge) deeper(t *token.Token) bool {
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
	mark := t.Type == token.SequenceEntryType || t.Type == token.MappingValueType
	if mark {
		g.marks++
	}
	marks := g.marks
	if g.brackets > 0 { // within brackets a line may hold many keys
		marks = 0
	}
	return max(g.brackets, 0)+len(g.columns)+marks > maxSafelistDepth || g.marks > maxKeysOnALine
}

func yamlPlace(err error) place {
	var at interface{ GetToken() *token.Token }
	if errors.As(err, &at) && at.GetToken() != nil && at.GetToken().Position != nil {
		return place{at.GetToken().Position.Line, at.GetToken().Position.Column}
	}
	return place{1, 1}
}

func yamlWords(err error) string {
	var message interface{ GetMessage() string }
	if !errors.As(err, &message) {
		return "this is not YAML"
	}
	if strings.Contains(message.GetMessage(), "'\t'") {
		return "this is not YAML: a tab stands where spaces belong"
	}
	return "this is not YAML: " + plainWords(message.GetMessage(), 100)
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

// pairsOf are the keys of a mapping; false when the node is none.
func pairsOf(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch v := n.(type) {
	case *ast.MappingNode:
		return v.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{v}, true
	}
	return nil, false
}

// scalarText is the text of a scalar as it was written, without quotes; false for anything else.
func scalarText(n ast.Node) (string, bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.LiteralNode:
		if v.Value != nil {
			return v.Value.Value, true
		}
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		if t := n.GetToken(); t != nil {
			return t.Value, true
		}
	}
	return "", false
}
