// Command kubecheck reads Kubernetes manifests as strictly as a cluster does: by
// the types of the API, so that an unknown kind or field, a field given twice and
// a value of another type are errors. It needs no cluster.
//
//	go run -C tools ./kubecheck FILE.yaml...
//
// FILE is relative to the folder tools.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
)

func main() {
	failed := len(os.Args) < 2
	if failed {
		fmt.Fprintln(os.Stderr, "usage: kubecheck FILE.yaml...")
	}
	for _, name := range os.Args[1:] {
		if err := check(name); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

// check reads each document of a file and prints its kind.
func check(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	known := runtime.NewScheme()
	if err := errors.Join(core.AddToScheme(known), batch.AddToScheme(known)); err != nil {
		return err
	}
	strict := serializer.NewCodecFactory(known, serializer.EnableStrict).UniversalDeserializer()
	docs := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for n := 1; ; n++ {
		doc, err := docs.Read()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			var kind fmt.Stringer
			if _, kind, err = strict.Decode(doc, nil, nil); err == nil {
				fmt.Printf("%s: %v\n", name, kind)
			}
		}
		if err != nil {
			return fmt.Errorf("document %d: %w", n, err)
		}
	}
}
