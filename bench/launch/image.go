package main

import (
	"compress/gzip"
	"os"
)

const (
	imageLimit      = 9e6 // bytes
	compressedLimit = 4e6
)

// imageRows weighs the two files that the image consists of. An engine packs
// them with gzip, as this does.
func imageRows(program, certificates string) ([]row, error) {
	var unpacked, packed counter
	z := gzip.NewWriter(&packed)
	for _, file := range []string{program, certificates} {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		unpacked += counter(len(content))
		if _, err := z.Write(content); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return []row{
		atMost("the image: program and root certificates, unpacked", "%.2f MB", float64(unpacked)/1e6, imageLimit/1e6),
		atMost("the image: compressed", "%.2f MB", float64(packed)/1e6, compressedLimit/1e6),
	}, nil
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
