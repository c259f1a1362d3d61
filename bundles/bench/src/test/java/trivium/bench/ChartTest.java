package trivium.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import trivium.vm.Benchmark.Look;

class ChartTest {
    private final Results mixed = Fixtures.mixed();

    private List<String> lines(Look look) {
        return mixed.text(look).lines().toList();
    }

    private Document svg(Results results) throws Exception {
        var bytes = results.svg().getBytes(StandardCharsets.UTF_8);
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(bytes));
    }

    /** Bars have a title and lie in the chart, the legend's squares are 12 by 12. */
    private static List<Element> bars(Document svg) {
        List<Element> bars = new ArrayList<>();
        NodeList all = svg.getElementsByTagName("rect");
        for (int i = 0; i < all.getLength(); i++) {
            Element rect = (Element) all.item(i);
            if (rect.hasChildNodes() && rect.getAttribute("x").equals("160.0")) {
                bars.add(rect);
            }
        }
        return bars;
    }

    @Test
    void drawsBarsInEighthsOfACharacter() {
        assertThat(lines(new Look(61, true, false)))
                .containsExactly(
                        "Performance relative to native",
                        "A \"fine\" <CPU>, 2 CPUs, Linux 6; Trivium 1.2.3 abc; 2026-11-23; load 1.3",
                        "Percent of the speed: more is better. CPU time of the vCPU's thread (median of 3, or once if it took 0.5 s).",
                        "",
                        "chase, 32-bit   native 1.000 s",
                        "  bt softtlb ████████████▍                    40.0%  2.500 s",
                        "  vt soft<&> ███████████████████████████████ 100.0%  1.000 s",
                        "",
                        "mem, 32-bit   native 1.000 s",
                        "  bt softtlb ███▏                             10.0%  10.0 s",
                        "  vt soft<&> WRONG checksum b79e44ad",
                        "",
                        "trap, 32-bit   100% is the fastest here: bt softtlb",
                        "  bt softtlb ███████████████████████████████ 100.0%  0.500 s",
                        "  vt soft<&> no result within 60 s",
                        "",
                        "geometric mean, 32-bit   chase mem",
                        "  bt softtlb ██████▎                          20.0%",
                        "  vt soft<&> lacks a kernel",
                        "",
                        "             ╵0%            ╵50%           ╵100%");
    }

    @Test
    void drawsInAsciiWithoutBlocks() {
        List<String> lines = lines(new Look(60, false, false));

        assertThat(String.join("", lines)).matches("\\p{ASCII}*").contains("#");
        assertThat(lines).allMatch(line -> line.length() <= 60 || !line.contains("#"));
    }

    @Test
    void coloursWaysDifferently() {
        String text = mixed.text(new Look(60, true, true));

        assertThat(text).contains("\u001b[34m█", "\u001b[32m█", "\u001b[0m");
        assertThat(text.replaceAll("\u001b\\[\\d+m", "").lines().map(String::stripTrailing))
                .containsExactlyElementsOf(lines(new Look(60, true, false)));
    }

    @Test
    void aNarrowTerminalStillGetsBars() {
        assertThat(lines(new Look(5, false, false)))
                .anyMatch(line -> line.contains(" ########## 100.0%"));
    }

    @Test
    void theAxisGrowsWithWhatIsFasterThanNative() {
        Results fast =
                new Fixtures()
                        .measured(32, Fixtures.CHASE, Way.NATIVE, 1.3)
                        .measured(32, Fixtures.CHASE, Fixtures.BT, 1)
                        .results();

        assertThat(Chart.of(fast).end()).isEqualTo(150);
        assertThat(Chart.of(mixed).end()).isEqualTo(100);
    }

    @Test
    void anImageIsWellFormedAndHasABarForEachRightResult() throws Exception {
        Document svg = svg(mixed);

        assertThat(svg.getDocumentElement().getTagName()).isEqualTo("svg");
        assertThat(svg.getDocumentElement().getAttribute("role")).isEqualTo("img");
        assertThat(bars(svg)).hasSize(5); // four results, one mean
        assertThat(bars(svg).getFirst().getAttribute("width")).isEqualTo("224.0"); // 40% of 560
        assertThat(bars(svg).getFirst().getTextContent())
                .isEqualTo("chase, 32-bit, bt softtlb: 40.0%  2.500 s");
    }

    @Test
    void anImageSaysInWordsWhatItShows() throws Exception {
        Element root = svg(mixed).getDocumentElement();

        assertThat(root.getElementsByTagName("title").item(0).getTextContent())
                .isEqualTo("Performance relative to native");
        assertThat(root.getElementsByTagName("desc").item(0).getTextContent())
                .contains("chase, 32-bit: bt softtlb 40.0%", "vt soft<&> WRONG checksum b79e44ad");
        assertThat(root.getTextContent())
                .contains("prefers-color-scheme: dark", "A \"fine\" <CPU>");
    }

    @Test
    void saysWhyThereIsNoNative() {
        Results results =
                new Fixtures()
                        .failed(
                                64,
                                Fixtures.CHASE,
                                Way.NATIVE,
                                "cannot be run on this host: noexec")
                        .measured(64, Fixtures.CHASE, Fixtures.BT, 2)
                        .results();

        assertThat(results.text(new Look(80, true, false)))
                .startsWith(
                        "Performance relative to the fastest engine (native could not be measured)")
                .contains("Native, 64-bit chase: cannot be run on this host: noexec");
    }
}
