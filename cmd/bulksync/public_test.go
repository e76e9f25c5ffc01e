package main

import (
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"strings"
	"testing"
)

// A Go program elsewhere can name each type that an exported declaration of ours
// mentions: none is of an internal package, and none is unexported.
func TestWhatIsExportedCanBeNamedElsewhere(t *testing.T) {
	module := goList(t, "", "-m")[0]
	for _, pkg := range publicPackages(t, module) {
		r := reach{t: t, module: module}
		scope := pkg.Scope()
		for _, name := range scope.Names() {
			if o := scope.Lookup(name); o.Exported() {
				r.declared(o)
			}
		}
	}
}

// publicPackages are our packages that a program elsewhere can import, as the compiler
// sees them.
func publicPackages(t *testing.T, module string) (public []*types.Package) {
	exports := map[string]string{}
	for _, line := range goList(t, "", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", module+"/...") {
		path, file, _ := strings.Cut(line, " ")
		exports[path] = file
	}
	compiled := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	for path := range exports {
		if !strings.HasPrefix(path, module+"/") || isInternal(path) || strings.HasPrefix(path, module+"/cmd/") {
			continue
		}
		pkg, err := compiled.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		public = append(public, pkg)
	}
	return public
}

func isInternal(path string) bool { return strings.Contains("/"+path+"/", "/internal/") }

// reach follows what an exported declaration mentions.
type reach struct {
	t      *testing.T
	module string
	from   string // the declaration
}

// declared looks at a declaration, and at the fields and methods of a type.
func (r *reach) declared(o types.Object) {
	r.from = o.Pkg().Path() + "." + o.Name()
	name, isType := o.(*types.TypeName)
	if !isType {
		r.mentions(o.Type())
		return
	}
	if name.IsAlias() { // it gives a type a name
		return
	}
	r.inside(name.Type().Underlying())
	methods := types.NewMethodSet(types.NewPointer(name.Type()))
	for i := range methods.Len() {
		if m := methods.At(i).Obj(); m.Exported() {
			r.from = fmt.Sprintf("%s.%s.%s", o.Pkg().Path(), o.Name(), m.Name())
			r.mentions(m.Type())
		}
	}
}

// inside looks at what makes up a type.
func (r *reach) inside(t types.Type) {
	s, isStruct := t.(*types.Struct)
	if !isStruct {
		r.mentions(t)
		return
	}
	own := r.from
	for f := range s.Fields() {
		if f.Exported() {
			r.from = own + "." + f.Name()
			r.mentions(f.Type())
		}
	}
	r.from = own
}

// mentions looks at a type in a declaration.
func (r *reach) mentions(t types.Type) {
	switch t := t.(type) {
	case *types.Alias:
		r.named(t.Obj())
	case *types.Named:
		r.named(t.Obj())
		for arg := range t.TypeArgs().Types() {
			r.mentions(arg)
		}
	case *types.Map:
		r.mentions(t.Key())
		r.mentions(t.Elem())
	case interface{ Elem() types.Type }: // pointer, slice, array, channel
		r.mentions(t.Elem())
	case *types.Signature:
		for v := range t.Params().Variables() {
			r.mentions(v.Type())
		}
		for v := range t.Results().Variables() {
			r.mentions(v.Type())
		}
	case *types.Struct:
		r.inside(t)
	case *types.Interface:
		for m := range t.ExplicitMethods() {
			r.mentions(m.Type())
		}
	}
}

// named holds the name of a type against the rule.
func (r *reach) named(o *types.TypeName) {
	if o.Pkg() == nil || !strings.HasPrefix(o.Pkg().Path(), r.module+"/") {
		return
	}
	if isInternal(o.Pkg().Path()) || !o.Exported() {
		r.t.Errorf("%s mentions %s.%s, which nobody elsewhere can name", r.from, o.Pkg().Path(), o.Name())
	}
}
