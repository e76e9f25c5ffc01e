package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bulksync/internal/browser"
	"bulksync/report"
)

// The picture of the README, and the sum of the page that it shows.
var (
	pictureFile = filepath.Join("..", "..", ".github", "board.png")
	pictureSum  = filepath.Join("testdata", "board.sha256")
)

// The README has a picture of the page for the board, which shows the plan of its first
// example. If the page has changed since the picture was made, -update makes it again.
func TestTheReadmeShowsTheBoardsPage(t *testing.T) {
	var page bytes.Buffer
	if err := report.Plan(&page, readmePlanData(t), report.HTML, report.Options{}); err != nil {
		t.Fatal(err)
	}
	sum := fmt.Sprintf("%x\n", sha256.Sum256(page.Bytes()))
	kept, err := os.ReadFile(pictureSum)
	if *update && string(kept) != sum {
		shown := filepath.Join(t.TempDir(), "plan.html")
		write(t, shown, page.String())
		picture := fewColors(t, browser.Picture(t, "file://"+shown, 1000, 800))
		write(t, pictureFile, string(picture))
		write(t, pictureSum, sum)
		kept, err = os.ReadFile(pictureSum)
	}
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(string(kept)) != strings.TrimSpace(sum) {
		t.Error("the page of a plan has changed since the picture of it was made: go test ./cmd/bulksync -run BoardsPage -update makes it again")
	}
	picture, err := os.ReadFile(pictureFile)
	if err != nil {
		t.Fatal(err)
	}
	if size, err := png.DecodeConfig(bytes.NewReader(picture)); err != nil || size.Width < 1600 || len(picture) > 120_000 {
		t.Errorf("the picture is %d pixels wide and has %d bytes: %v", size.Width, len(picture), err)
	}
	if !strings.Contains(readRepo(t, "README.md"), "](.github/board.png)") {
		t.Error("the README does not show the picture")
	}
}

// fewColors is a picture with the 64 colors that are most common in it, so that it is small.
func fewColors(t *testing.T, full []byte) []byte {
	t.Helper()
	from, err := png.Decode(bytes.NewReader(full))
	if err != nil {
		t.Fatal(err)
	}
	count := map[color.RGBA]int{}
	for y := range from.Bounds().Dy() {
		for x := range from.Bounds().Dx() {
			count[color.RGBAModel.Convert(from.At(x, y)).(color.RGBA)]++
		}
	}
	common := make([]color.RGBA, 0, len(count))
	for c := range count {
		common = append(common, c)
	}
	slices.SortFunc(common, func(a, b color.RGBA) int { return count[b] - count[a] })
	var few color.Palette
	for _, c := range common[:min(64, len(common))] {
		few = append(few, c)
	}
	to := image.NewPaletted(from.Bounds(), few)
	draw.Draw(to, to.Bounds(), from, from.Bounds().Min, draw.Src)
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, to); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
