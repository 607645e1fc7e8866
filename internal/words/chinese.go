package words

import (
	"fmt"
	"sync"
	"time"

	"strava-token/docs"
)

var chinese = sync.OnceValue(func() *Table {
	t := newTable(Table{
		page: docs.TroubleshootingChinese, extension: ".zh-CN.md",
		inWorkflow: "在工作流里：", inTerminal: "在终端里：",
		next: "下一步：", more: "详见：",
		stops: "。？！", open: "（", close: "）", comma: "、",
		place:    func(input string) string { return input + " 所读的 secret" },
		duration: chineseDuration,
		clock:    "15:04 UTC", day: "2006 年 1 月 2 日", moment: "2006 年 1 月 2 日 15:04 UTC",
	})
	return &t
})

// chineseDuration is d as people say it, rounded down.
func chineseDuration(d time.Duration) string {
	hours, minutes := int(d.Hours()), int(d.Minutes())%60
	switch {
	case hours == 0 && minutes == 0:
		return "不到 1 分钟"
	case hours == 0:
		return fmt.Sprintf("%d 分钟", minutes)
	case minutes == 0:
		return fmt.Sprintf("%d 小时", hours)
	}
	return fmt.Sprintf("%d 小时 %d 分钟", hours, minutes)
}
