// Archive packs files into OUT, a .tar.gz, the same to the byte whenever and
// wherever it is done: the tools of a distribution would add times, owners and
// their own compressor. The first file is the program.
package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"log"
	"os"
	"path/filepath"
	"time"
)

// epoch stands for the time of every file, as in the image.
var epoch = time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)

func main() {
	if len(os.Args) < 3 {
		log.Fatal("usage: archive OUT PROGRAM [FILE...]")
	}
	if err := pack(os.Args[1], os.Args[2:]); err != nil {
		log.Fatal(err)
	}
}

func pack(name string, files []string) error {
	out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(write(out, files), out.Close())
}

func write(out io.Writer, files []string) error {
	z, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err != nil {
		return err
	}
	w := tar.NewWriter(z)
	mode := int64(0o755)
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: filepath.Base(file), Size: int64(len(content)),
			Mode: mode, ModTime: epoch, Format: tar.FormatUSTAR,
		}
		if err := w.WriteHeader(header); err != nil {
			return err
		}
		if _, err := w.Write(content); err != nil {
			return err
		}
		mode = 0o644
	}
	return errors.Join(w.Close(), z.Close())
}
