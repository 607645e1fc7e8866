// Roots prints Mozilla's root certificates as the Go project publishes them.
//
// The release's image takes them from here and not from a distribution's
// package, so that go.sum alone decides what it trusts: the same on every
// machine, and updated like any other dependency.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log"
	"os"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// fewest is far below what Mozilla has trusted for many years: a bundle that
// holds fewer is damaged.
const fewest = 100

func main() {
	out := bufio.NewWriter(os.Stdout)
	count := 0
	for root := range bundle.Roots() {
		// A constraint (no certificate issued after some day is trusted) has no
		// place in a PEM file. A root that has one is on its way out.
		if root.Constraint != nil {
			continue
		}
		certificate, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			log.Fatal(err)
		}
		if _, err := fmt.Fprintf(out, "# %s\n", certificate.Subject); err != nil {
			log.Fatal(err)
		}
		if err := pem.Encode(out, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			log.Fatal(err)
		}
		count++
	}
	if count < fewest {
		log.Fatalf("the bundle holds %d roots only", count)
	}
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}
