package main

import (
	"bytes"
	"crypto/x509"
	"debug/elf"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// What an image may weigh on any architecture, in bytes.
const (
	unpackedLimit = 10_500_000
	packedLimit   = 4_400_000
)

var machines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}

// image makes the OCI layout OUT/image of the programs that build left in OUT, with
// one image for each architecture, and returns the digest of their index: what an
// action names after the @. No container engine is involved: three files on an empty
// root need none, and no engine promises the same bytes twice.
//
// The image is what the Dockerfile describes: the same files (and the licences,
// which only what is handed on needs), the same entry point, no user and no working
// directory.
func image(version, out string) ([]byte, error) {
	about := map[string]string{
		"org.opencontainers.image.title":       "strava-token",
		"org.opencontainers.image.description": "A fresh Strava access token for every run, and a refresh token that does not get lost",
		"org.opencontainers.image.licenses":    "MIT",
		"org.opencontainers.image.version":     version,
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, architecture := range []string{"amd64", "arm64"} {
		one, err := imageFor(architecture, filepath.Join(out, "bin", "linux_"+architecture), about)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", architecture, err)
		}
		platform := &v1.Platform{OS: "linux", Architecture: architecture}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: one, Descriptor: v1.Descriptor{Platform: platform}})
	}
	index = mutate.Annotations(index, about).(v1.ImageIndex)
	digest, err := index.Digest()
	if err != nil {
		return nil, err
	}
	dir, err := layout.Write(filepath.Join(out, "image"), empty.Index)
	if err != nil {
		return nil, err
	}
	named := layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": version})
	return []byte(digest.String() + "\n"), dir.AppendIndex(index, named)
}

func imageFor(architecture, bin string, about map[string]string) (v1.Image, error) {
	certificates, err := roots()
	if err != nil {
		return nil, err
	}
	licences, err := os.ReadFile(filepath.Join(bin, "NOTICES"))
	if err != nil {
		return nil, err
	}
	program, err := os.ReadFile(filepath.Join(bin, "strava-token"))
	if err != nil {
		return nil, err
	}
	// Nothing on this machine would notice a program for another one.
	if header, err := elf.NewFile(bytes.NewReader(program)); err != nil || header.Machine != machines[architecture] {
		return nil, fmt.Errorf("the program is for another machine (%v)", err)
	}
	config := &v1.ConfigFile{
		Created: v1.Time{Time: epoch}, OS: "linux", Architecture: architecture, RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{Entrypoint: []string{"/strava-token"}, Labels: about},
	}
	image, err := mutate.ConfigFile(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON), config)
	if err != nil {
		return nil, err
	}
	// The certificates have a layer of their own: it is the same for every
	// architecture, and stays the same over many releases.
	unpacked, packed := len(certificates)+len(licences)+len(program), int64(0)
	for _, files := range [][]file{
		{{"etc/", 0o755, nil}, {"etc/ssl/", 0o755, nil}, {"etc/ssl/cert.pem", 0o644, certificates}},
		{{"NOTICES", 0o644, licences}}, {{"strava-token", 0o755, program}},
	} {
		layer, size, err := layerOf(files)
		if err != nil {
			return nil, err
		}
		if image, err = mutate.AppendLayers(image, layer); err != nil {
			return nil, err
		}
		packed += size
	}
	fmt.Fprintf(os.Stderr, "image for %s: %.2f MB, %.2f MB packed\n", architecture, float64(unpacked)/1e6, float64(packed)/1e6)
	if unpacked > unpackedLimit || packed > packedLimit {
		return nil, fmt.Errorf("the image may have %d bytes and %d packed; it has %d and %d", unpackedLimit, packedLimit, unpacked, packed)
	}
	return mutate.Annotations(image, about).(v1.Image), nil
}

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
