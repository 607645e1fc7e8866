// Package docs embeds the pages that the program itself reads, since an embedded
// file must lie beside the code that names it.
package docs

import _ "embed"

// Troubleshooting is the page of every message in English, which package words
// takes apart.
//
//go:embed troubleshooting.md
var Troubleshooting string

// TroubleshootingChinese is the same page in Chinese.
//
//go:embed troubleshooting.zh-CN.md
var TroubleshootingChinese string
