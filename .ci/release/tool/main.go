// Tool makes the parts of a release: the same to the byte whenever and wherever
// it is done. What it makes depends on its arguments, on go.sum and on the Go
// release that builds it, on nothing else.
package main

import (
	"errors"
	"log"
	"os"
)

const usage = `usage: tool archive PROGRAM [FILE...] >NAME.tar.gz
       tool sbom VERSION PROGRAM >NAME.cdx.json
       tool image VERSION OUT
       tool push LAYOUT REPOSITORY:TAG`

func main() {
	log.SetFlags(0)
	var out []byte
	err := errors.New(usage)
	switch args := os.Args[1:]; {
	case len(args) >= 2 && args[0] == "archive":
		out, err = archive(args[1:])
	case len(args) == 3 && args[0] == "sbom":
		out, err = sbom(args[1], args[2])
	case len(args) == 3 && args[0] == "image":
		out, err = image(args[1], args[2])
	case len(args) == 3 && args[0] == "push":
		out, err = push(args[1], args[2])
	}
	if err == nil {
		_, err = os.Stdout.Write(out)
	}
	if err != nil {
		log.Fatal(err)
	}
}
