// Ociimage writes the image of a release as an OCI layout, one manifest for
// each architecture, without a container engine: three files on an empty root
// need none, and no engine promises the same bytes twice. What it writes
// depends on its arguments and on the Go release that runs it, on nothing else.
//
// The image is what the Dockerfile describes: the same files (and the licences,
// which only what is handed on needs), the same entry point, no user and no working
// directory.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	version := flag.String("version", "", "the version, vX.Y.Z")
	roots := flag.String("roots", "", "the root certificates, a PEM file")
	notices := flag.String("notices", "", "the licences of what is in the programs")
	amd64 := flag.String("amd64", "", "the program for linux/amd64")
	arm64 := flag.String("arm64", "", "the program for linux/arm64")
	out := flag.String("out", "", "the folder of the layout, which must not exist")
	flag.Parse()
	digest, err := write(*out, *version, *roots, *notices, []program{{"amd64", *amd64}, {"arm64", *arm64}})
	if err != nil {
		fmt.Fprintln(os.Stderr, "ociimage:", err)
		os.Exit(1)
	}
	fmt.Println(digest)
}

// program is the executable for one architecture.
type program struct{ architecture, path string }

// write returns the digest of the index: what an action names after the @.
func write(out, version, roots, notices string, programs []program) (string, error) {
	l, err := newLayout(out)
	if err != nil {
		return "", err
	}
	// The certificates have a layer of their own: it is the same for every
	// architecture, and stays the same over many releases.
	certificates, err := addLayer(l, roots, "etc/ssl/cert.pem", 0o644)
	if err != nil {
		return "", err
	}
	licences, err := addLayer(l, notices, "NOTICES", 0o644)
	if err != nil {
		return "", err
	}
	var manifests []descriptor
	for _, p := range programs {
		if err := checkMachine(p); err != nil {
			return "", err
		}
		binary, err := addLayer(l, p.path, "strava-token", 0o755)
		if err != nil {
			return "", err
		}
		manifest, err := addManifest(l, version, p.architecture, []layer{certificates, licences, binary})
		if err != nil {
			return "", err
		}
		manifests = append(manifests, manifest)
	}
	index, err := l.addJSON(typeIndex, imageIndex{
		SchemaVersion: 2,
		MediaType:     typeIndex,
		Manifests:     manifests,
		Annotations:   about(version),
	})
	if err != nil {
		return "", err
	}
	return index.Digest, l.finish(index, version)
}
