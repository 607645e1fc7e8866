package recovery

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
)

// maxArchive bounds a zip of logs, packed and unpacked.
const maxArchive = 64 << 20

// decode returns r as UTF-8 text: GitHub hands logs out as a zip, and a shell of
// Windows writes UTF-16.
func decode(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	start, _ := b.Peek(4)
	switch {
	case bytes.HasPrefix(start, []byte("PK\x03\x04")):
		return unzip(b)
	case bytes.HasPrefix(start, []byte{0xff, 0xfe}):
		return fromUTF16(b, binary.LittleEndian)
	case bytes.HasPrefix(start, []byte{0xfe, 0xff}):
		return fromUTF16(b, binary.BigEndian)
	}
	return b, nil
}

// unzip puts the files of an archive one behind the other, in the order of their
// names.
func unzip(r io.Reader) (io.Reader, error) {
	packed, err := io.ReadAll(io.LimitReader(r, maxArchive))
	if err != nil {
		return nil, err
	}
	archive, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return nil, fmt.Errorf("read the zip: %w", err)
	}
	slices.SortFunc(archive.File, func(a, b *zip.File) int { return strings.Compare(a.Name, b.Name) })
	var all bytes.Buffer
	for _, file := range archive.File {
		content, err := file.Open()
		if err != nil {
			continue // what can be read may hold the text
		}
		_, _ = io.Copy(&all, io.LimitReader(content, int64(maxArchive-all.Len())))
		_ = content.Close()
		all.WriteByte('\n')
		if all.Len() >= maxArchive {
			break
		}
	}
	return &all, nil
}

func fromUTF16(r io.Reader, order binary.ByteOrder) (io.Reader, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxArchive))
	if err != nil {
		return nil, err
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = order.Uint16(raw[2*i:])
	}
	return strings.NewReader(string(utf16.Decode(units))), nil
}
