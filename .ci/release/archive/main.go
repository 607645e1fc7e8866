// Archive packs files into OUT, a .tar.gz or a .zip, the same to the byte
// whenever and wherever it is done: the tools of a distribution would add
// times, owners and their own compressor. The first file is the program.
package main

import (
	"archive/tar"
	"archive/zip"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// epoch is the earliest time that a zip archive can hold.
var epoch = time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: archive OUT PROGRAM [FILE...]")
		os.Exit(2)
	}
	if err := pack(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "archive:", err)
		os.Exit(1)
	}
}

func pack(name string, files []string) error {
	out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	switch {
	case strings.HasSuffix(name, ".tar.gz"):
		err = writeTarGz(out, files)
	case strings.HasSuffix(name, ".zip"):
		err = writeZip(out, files)
	default:
		err = fmt.Errorf("%s is neither a .tar.gz nor a .zip", name)
	}
	return errors.Join(err, out.Close())
}

func modeOf(position int) os.FileMode {
	if position == 0 {
		return 0o755
	}
	return 0o644
}

func writeTarGz(out io.Writer, files []string) error {
	z, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err != nil {
		return err
	}
	w := tar.NewWriter(z)
	for i, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: filepath.Base(file), Size: int64(len(content)),
			Mode: int64(modeOf(i)), ModTime: epoch, Format: tar.FormatUSTAR,
		}
		if err := w.WriteHeader(header); err != nil {
			return err
		}
		if _, err := w.Write(content); err != nil {
			return err
		}
	}
	return errors.Join(w.Close(), z.Close())
}

func writeZip(out io.Writer, files []string) error {
	w := zip.NewWriter(out)
	w.RegisterCompressor(zip.Deflate, func(to io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(to, flate.BestCompression)
	})
	for i, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		header := &zip.FileHeader{Name: filepath.Base(file), Method: zip.Deflate, Modified: epoch}
		header.SetMode(modeOf(i))
		entry, err := w.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := entry.Write(content); err != nil {
			return err
		}
	}
	return w.Close()
}
