package block

import (
	"errors"
	"fmt"

	"github.com/parquet-go/parquet-go"
)

// column is a column of the Parquet file for rows of type T: one leaf of the row, or one leaf of each element of a list.
type column[T any] struct {
	name   string
	node   parquet.Node
	bloom  bool
	unique bool
	list   bool
	bounds bool // smallest and largest value are kept: what lies by time or number is found by them
	says   string
	put    func(w *writing, row *T)
	take   func(r *reading, row *T, vs []parquet.Value) error
	exact  func(row *T, element int, payload []byte) error
}

// flat makes columns of leaves of the row itself.
func flat[T any](leaves ...leaf[T]) []column[T] {
	var out []column[T]
	for _, l := range leaves {
		c := column[T]{name: l.name, node: l.node, bloom: l.bloom, unique: l.unique, bounds: l.bounds, says: l.says}
		if l.optional {
			c.node, c.says = parquet.Optional(l.node), l.says+", null"
		}
		c.put = func(w *writing, row *T) {
			v := l.put(w, row)
			if l.optional && !v.IsNull() {
				v = v.Level(0, 1, w.index)
			}
			w.values = append(w.values, v)
		}
		c.take = func(r *reading, row *T, vs []parquet.Value) error {
			if l.optional && vs[0].IsNull() {
				return nil
			}
			return l.take(r, row, vs[0])
		}
		c.exact = func(row *T, _ int, payload []byte) error {
			if l.exact == nil {
				return errors.New("there is nothing more to tell of it")
			}
			return l.exact(row, payload)
		}
		out = append(out, c)
	}
	return out
}

// Definition levels of a list: no list at all (nil), a list without elements, an element; of an element that may be null: null, present.
const (
	levelNil = iota
	levelEmpty
	levelElement
	levelPresent
)

// lists makes one Parquet list for each leaf of the elements of a list: they run in step, element by element.
func lists[T, E any](of func(*T) *[]E, leaves ...leaf[E]) []column[T] {
	var out []column[T]
	for i, l := range leaves {
		out = append(out, listColumn(of, l, i == 0))
	}
	return out
}

func listColumn[T, E any](of func(*T) *[]E, l leaf[E], first bool) column[T] {
	element := l.node
	if l.optional {
		element = parquet.Optional(element)
	}
	return column[T]{
		name: l.name, node: parquet.Optional(parquet.List(element)), unique: l.unique, list: true, says: "LIST of " + l.says + ", null",
		put: func(w *writing, row *T) { putList(w, *of(row), &l) },
		take: func(r *reading, row *T, vs []parquet.Value) error {
			return takeList(r, of(row), vs, &l, first)
		},
		exact: func(row *T, element int, payload []byte) error {
			list := *of(row)
			if l.exact == nil || element >= len(list) {
				return fmt.Errorf("there is nothing more to tell of element %d", element)
			}
			return l.exact(&list[element], payload)
		},
	}
}

func putList[E any](w *writing, list []E, l *leaf[E]) {
	if len(list) == 0 {
		level := levelNil
		if list != nil {
			level = levelEmpty
		}
		w.values = append(w.values, parquet.NullValue().Level(0, level, w.index))
		return
	}
	if len(list) > maxValues {
		w.fail(fmt.Errorf("column %s: a list of %d elements, at most %d", w.name, len(list), maxValues))
		return
	}
	repetition := 0
	for i := range list {
		w.element = i
		v := l.put(w, &list[i])
		level := levelElement
		if l.optional && !v.IsNull() {
			level = levelPresent
		}
		w.values = append(w.values, v.Level(repetition, level, w.index))
		repetition = 1
	}
	w.element = 0
}

// takeList fills a list; the first of the columns that run in step makes it, the others must be as long.
func takeList[E any](r *reading, list *[]E, vs []parquet.Value, l *leaf[E], first bool) error {
	level := vs[0].DefinitionLevel()
	n := len(vs)
	if level < levelElement {
		n = 0
	}
	if first && level != levelNil {
		*list = make([]E, n)
	}
	if len(*list) != n || (*list == nil) != (level == levelNil) {
		return fmt.Errorf("%d elements, where the columns beside it have %d", n, len(*list))
	}
	for i := range n {
		if l.optional && vs[i].IsNull() {
			continue
		}
		if err := l.take(r, &(*list)[i], vs[i]); err != nil {
			return err
		}
	}
	return nil
}

// path is where the values lie in the schema.
func (c *column[T]) path() []string {
	if c.list {
		return []string{c.name, "list", "element"}
	}
	return []string{c.name}
}
