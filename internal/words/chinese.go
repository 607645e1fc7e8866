package words

import (
	"sync"

	"strava-token/docs"
)

var chinese = sync.OnceValue(func() *Table {
	t := newTable(Table{
		page: docs.TroubleshootingChinese, extension: ".zh-CN.md",
		inWorkflow: "在工作流里：", inTerminal: "在终端里：",
		next: "下一步：", more: "详见：",
		stops: "。？！", open: "（", close: "）", comma: "、",
		place: "%s 引用的 secret（%s ）",
		hours: [2]string{"小时", "小时"}, minutes: [2]string{"分钟", "分钟"}, underAMinute: "不到 1 分钟",
		clock: "15:04 UTC", day: "2006 年 1 月 2 日", moment: "2006 年 1 月 2 日 15:04 UTC",
	})
	return &t
})
