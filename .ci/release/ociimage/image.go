package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"debug/elf"
	"fmt"
	"io"
	"os"
	"path"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// What an image may weigh on any architecture, in bytes.
const (
	unpackedLimit = 10_500_000
	packedLimit   = 4_400_000
)

// epoch is the time of every file and of the image itself: a real one would
// differ from build to build.
var epoch = time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)

var machines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}

// write makes one image for each architecture, and returns the digest of their
// index: what an action names after the @.
func write(version, roots, notices string, programs map[string]string, out string) (string, error) {
	about := map[string]string{
		"org.opencontainers.image.title":       "strava-token",
		"org.opencontainers.image.description": "A fresh Strava access token for every run, and a refresh token that does not get lost",
		"org.opencontainers.image.licenses":    "MIT",
		"org.opencontainers.image.version":     version,
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, architecture := range []string{"amd64", "arm64"} {
		image, err := imageFor(architecture, about, roots, notices, programs[architecture])
		if err != nil {
			return "", fmt.Errorf("%s: %w", architecture, err)
		}
		platform := &v1.Platform{OS: "linux", Architecture: architecture}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: platform}})
	}
	index = mutate.Annotations(index, about).(v1.ImageIndex)
	digest, err := index.Digest()
	if err != nil {
		return "", err
	}
	if err := os.Mkdir(out, 0o755); err != nil {
		return "", err
	}
	dir, err := layout.Write(out, empty.Index)
	if err != nil {
		return "", err
	}
	named := layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": version})
	return digest.String(), dir.AppendIndex(index, named)
}

func imageFor(architecture string, about map[string]string, roots, notices, program string) (v1.Image, error) {
	// Nothing on this machine would notice a program for another one.
	file, err := elf.Open(program)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if file.Machine != machines[architecture] {
		return nil, fmt.Errorf("%s is for %s", program, file.Machine)
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
	var unpacked, packed int64
	for _, f := range []struct {
		source, name string
		mode         int64
	}{{roots, "etc/ssl/cert.pem", 0o644}, {notices, "NOTICES", 0o644}, {program, "strava-token", 0o755}} {
		content, err := os.ReadFile(f.source)
		if err != nil {
			return nil, err
		}
		layer, err := layerOf(f.name, content, f.mode)
		if err != nil {
			return nil, err
		}
		size, err := layer.Size()
		if err != nil {
			return nil, err
		}
		unpacked, packed = unpacked+int64(len(content)), packed+size
		if image, err = mutate.AppendLayers(image, layer); err != nil {
			return nil, err
		}
	}
	fmt.Fprintf(os.Stderr, "image for %s: %.2f MB, %.2f MB packed\n", architecture, float64(unpacked)/1e6, float64(packed)/1e6)
	if unpacked > unpackedLimit || packed > packedLimit {
		return nil, fmt.Errorf("the image may have %d bytes and %d packed; it has %d and %d", unpackedLimit, packedLimit, unpacked, packed)
	}
	return mutate.Annotations(image, about).(v1.Image), nil
}

// layerOf makes a layer of one file, and of the folders that lead to it.
func layerOf(name string, content []byte, mode int64) (v1.Layer, error) {
	headers := []*tar.Header{{Typeflag: tar.TypeReg, Name: name, Size: int64(len(content)), Mode: mode}}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		headers = append([]*tar.Header{{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755}}, headers...)
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, h := range headers {
		h.ModTime, h.Format = epoch, tar.FormatUSTAR
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	opener := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive.Bytes())), nil }
	return tarball.LayerFromOpener(opener, tarball.WithMediaType(types.OCILayer),
		tarball.WithCompressionLevel(gzip.BestCompression), tarball.WithCompressedCaching)
}
