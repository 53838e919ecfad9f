package report

import (
	"cmp"
	"reflect"
	"slices"

	"candor/internal/visible"

	"candor/internal/judge"
)

// clean copies r with every text in it made visible, whatever fields a Result may get, so that no part of the page can
// forget to. r is not changed.
func clean(r *judge.Result) *judge.Result {
	out := *r
	return cleaned(reflect.ValueOf(&out)).Interface().(*judge.Result)
}

func cleaned(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.String:
		return reflect.ValueOf(visible.Text(v.String())).Convert(v.Type())
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		out := reflect.New(v.Type().Elem())
		out.Elem().Set(cleaned(v.Elem()))
		return out
	case reflect.Interface:
		if v.IsNil() {
			return v
		}
		return cleaned(v.Elem())
	case reflect.Struct:
		out := reflect.New(v.Type()).Elem()
		out.Set(v)
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(cleaned(v.Field(i)))
			}
		}
		return out
	case reflect.Slice:
		out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			out.Index(i).Set(cleaned(v.Index(i)))
		}
		return out
	case reflect.Map:
		return visibleMap(v)
	}
	return v
}

// visibleMap goes through the keys in their order, so that the result is the same each time.
func visibleMap(v reflect.Value) reflect.Value {
	out := reflect.MakeMapWithSize(v.Type(), v.Len())
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
	for _, k := range keys {
		out.SetMapIndex(cleaned(k), cleaned(v.MapIndex(k)))
	}
	return out
}
