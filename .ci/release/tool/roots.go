package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// fewest is far below what Mozilla has trusted for many years: a bundle that
// holds fewer is damaged.
const fewest = 100

// roots returns Mozilla's root certificates as the Go project publishes them. The
// image takes them from here and not from a distribution's package, so that go.sum
// alone decides what it trusts: the same on every machine, and updated like any
// other dependency.
func roots() ([]byte, error) {
	var out bytes.Buffer
	count := 0
	for root := range bundle.Roots() {
		// A constraint (no certificate issued after some day is trusted) has no
		// place in a PEM file. A root that has one is on its way out.
		if root.Constraint != nil {
			continue
		}
		certificate, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "# %s\n%s", certificate.Subject, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		count++
	}
	if count < fewest {
		return nil, fmt.Errorf("the bundle holds %d roots only", count)
	}
	return out.Bytes(), nil
}
