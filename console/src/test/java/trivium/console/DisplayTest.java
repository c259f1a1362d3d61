package trivium.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DisplayTest {
    private final TestShell shell = new TestShell();
    private final FakeVm vm = shell.vms.add("a").running();
    @TempDir Path directory;

    @AfterEach
    void close() {
        shell.close();
    }

    @Test
    void savesAPng() throws Exception {
        String printed = shell.in(directory).run("vm:screenshot a");

        var image = ImageIO.read(directory.resolve("a.png").toFile());
        assertThat(printed.trim()).isEqualTo(directory.resolve("a.png").toString());
        assertThat(image.getWidth()).isEqualTo(4);
        assertThat(image.getRGB(3, 0)).isEqualTo(0xffff0000);
        assertThat(image.getRGB(0, 1)).isEqualTo(0xff0000ff);
    }

    @Test
    void replacesAFileOnlyIfAsked() throws Exception {
        Path file = Files.writeString(directory.resolve("b.png"), "precious");
        shell.in(directory);

        assertThat(shell.error("vm:screenshot a b.png"))
                .isEqualTo(file + " exists; name another file or say --overwrite");
        assertThat(file).hasContent("precious");
        shell.run("vm:screenshot --overwrite a b.png");
        assertThat(ImageIO.read(file.toFile())).isNotNull();
    }

    @Test
    void writesNoOtherKindOfFile() {
        assertThat(shell.in(directory).error("vm:screenshot a users.properties"))
                .isEqualTo(
                        "'%s' does not end in .png"
                                .formatted(directory.resolve("users.properties")));
    }

    @Test
    void drawsHalfBlocks() throws Exception {
        assertThat(shell.raw("vm:screenshot --ansi a"))
                .isEqualToNormalizingNewlines(
                        "\u001b[38;2;255;0;0m\u001b[48;2;0;0;255m▀▀▀▀\u001b[0m\n");
    }

    @Test
    void printsTextScreensAsText() throws Exception {
        vm.text = List.of("hello   ", "");

        assertThat(shell.run("vm:screenshot --ansi a")).isEqualToNormalizingNewlines("hello\n\n");
        assertThat(shell.run("vm:screenshot --text a")).isEqualToNormalizingNewlines("hello\n\n");
    }

    @Test
    void saysWhyThereIsNoPicture() {
        shell.vms.add("b");

        assertThat(shell.error("vm:screenshot b")).isEqualTo("VM 'b' is off: it has no picture");
        assertThat(shell.error("vm:screenshot --text a"))
                .isEqualTo("VM 'a' shows graphics, no text");
    }

    @Test
    void opensShowsAndClosesTheDisplay() throws Exception {
        assertThat(shell.run("vm:vnc a")).isEqualToIgnoringNewLines("no display is open");
        assertThat(shell.run("vm:vnc a '[::1]:5905'"))
                .isEqualToIgnoringNewLines(
                        "vncviewer ::1::5905   (password sesame; viewers now: 0)");
        assertThat(shell.run("vm:vnc a auto")).startsWith("vncviewer 127.0.0.1::5900");
        assertThat(shell.run("vm:vnc --browser a"))
                .isEqualToIgnoringNewLines("http://127.0.0.1:5700/#0123");
        assertThat(shell.run("vm:vnc --json a none"))
                .isEqualToIgnoringNewLines(
                        "{\"name\": \"a\", \"host\": null, \"port\": null, \"viewers\": null,"
                                + " \"password\": \"sesame\"}");
        assertThat(shell.error("vm:vnc a here"))
                .isEqualTo("'here' is no place for a display; write HOST:PORT, auto or none");
    }

    @Test
    void listsDisplays() throws Exception {
        shell.vms.add("hidden").running();
        shell.displays.open("a", "", 5907);

        assertThat(shell.run("hv:displays")).contains("127.0.0.1:5907").doesNotContain("hidden");
        assertThat(shell.run("hv:displays --json"))
                .isEqualToIgnoringNewLines(
                        "[{\"vm\": \"a\", \"state\": \"running\", \"host\": \"127.0.0.1\","
                                + " \"port\": 5907, \"viewers\": 0}]");
        assertThat(shell.run("hv:displays --welcome"))
                .isEqualToIgnoringNewLines(
                        "a is running. Its screen: vncviewer 127.0.0.1::5907   its serial console:"
                                + " vm:console a");
    }
}
