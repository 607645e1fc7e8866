package recovery

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
)

// maxArchive limits what is unpacked from a zip of logs.
const maxArchive = 64 << 20

// decode returns UTF-8 text: GitHub delivers logs as a zip, and a Windows shell
// writes UTF-16.
func decode(raw []byte) (string, error) {
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case bytes.HasPrefix(raw, []byte("PK\x03\x04")):
		return unzip(raw)
	case bytes.HasPrefix(raw, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	case !bytes.HasPrefix(raw, []byte{0xff, 0xfe}):
		return string(raw), nil
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = order.Uint16(raw[2*i:])
	}
	return string(utf16.Decode(units)), nil
}

// unzip concatenates the files of an archive, in the order of their names.
func unzip(packed []byte) (string, error) {
	archive, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return "", fmt.Errorf("read the zip: %w", err)
	}
	slices.SortFunc(archive.File, func(a, b *zip.File) int { return strings.Compare(a.Name, b.Name) })
	var all bytes.Buffer
	for _, file := range archive.File {
		if content, err := file.Open(); err == nil { // what can be read may contain the text
			_, _ = io.Copy(&all, io.LimitReader(content, int64(maxArchive-all.Len())))
			_ = content.Close()
		}
		all.WriteByte('\n')
		if all.Len() >= maxArchive {
			break
		}
	}
	return all.String(), nil
}
