package recovery

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
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
	isZip, isBig := bytes.HasPrefix(start, []byte("PK\x03\x04")), bytes.HasPrefix(start, []byte{0xfe, 0xff})
	if !isZip && !isBig && !bytes.HasPrefix(start, []byte{0xff, 0xfe}) {
		return b, nil
	}
	raw, err := io.ReadAll(io.LimitReader(b, maxArchive))
	if err != nil {
		return nil, err
	}
	if isZip {
		return unzip(raw)
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(raw[2*i:])
		if isBig {
			units[i] = bits.ReverseBytes16(units[i])
		}
	}
	return strings.NewReader(string(utf16.Decode(units))), nil
}

// unzip puts the files of an archive one behind the other, in the order of their
// names.
func unzip(packed []byte) (io.Reader, error) {
	archive, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return nil, fmt.Errorf("read the zip: %w", err)
	}
	slices.SortFunc(archive.File, func(a, b *zip.File) int { return strings.Compare(a.Name, b.Name) })
	var all bytes.Buffer
	for _, file := range archive.File {
		if content, err := file.Open(); err == nil { // what can be read may hold the text
			_, _ = io.Copy(&all, io.LimitReader(content, int64(maxArchive-all.Len())))
			_ = content.Close()
		}
		all.WriteByte('\n')
		if all.Len() >= maxArchive {
			break
		}
	}
	return &all, nil
}
