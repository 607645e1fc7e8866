package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// epoch is the time of every file and of the image itself: a real one would
// differ from build to build.
var epoch = time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)

// archive packs files into a .tar.gz. The tools of a distribution would add times,
// owners and their own compressor. The first file is the program.
func archive(names []string) ([]byte, error) {
	var files []file
	mode := int64(0o755)
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, file{filepath.Base(name), mode, content})
		mode = 0o644
	}
	layer, _, err := layerOf(files)
	if err != nil {
		return nil, err
	}
	packed, err := layer.Compressed()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(packed)
}

// file is what a layer holds. A folder's name ends with a slash.
type file struct {
	name    string
	mode    int64
	content []byte
}

// layerOf packs files: a layer is a .tar.gz. It returns its packed size as well.
func layerOf(files []file) (v1.Layer, int64, error) {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, f := range files {
		header := &tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.content)), ModTime: epoch, Format: tar.FormatUSTAR}
		if err := w.WriteHeader(header); err != nil {
			return nil, 0, err
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, 0, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, 0, err
	}
	opener := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive.Bytes())), nil }
	layer, err := tarball.LayerFromOpener(opener, tarball.WithMediaType(types.OCILayer),
		tarball.WithCompressionLevel(gzip.BestCompression), tarball.WithCompressedCaching)
	if err != nil {
		return nil, 0, err
	}
	size, err := layer.Size()
	return layer, size, err
}
