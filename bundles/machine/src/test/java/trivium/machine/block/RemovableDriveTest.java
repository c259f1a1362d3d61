package trivium.machine.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import trivium.device.BlockBackend.Media;
import trivium.vm.VmConfig.BlockKind;
import trivium.vm.VmConfig.Drive;
import trivium.vm.VmException;

class RemovableDriveTest {
    @TempDir Path folder;

    private Path image(String name, int first) throws IOException {
        byte[] content = new byte[1_474_560];
        content[0] = (byte) first;
        return Files.write(folder.resolve(name), content);
    }

    private static RemovableDrive floppy(Path image) throws VmException {
        return new RemovableDrive(new Drive("floppy0", BlockKind.FLOPPY, image, false));
    }

    private static int first(RemovableDrive drive) throws IOException {
        byte[] one = new byte[1];
        drive.read(0, one, 0, 1);
        return one[0];
    }

    @Test
    void mediaComeAndGoAndAreCounted() throws Exception {
        try (RemovableDrive drive = floppy(image("a", 1))) {
            assertThat(first(drive)).isEqualTo(1);
            drive.change(Optional.of(image("b", 2)));
            assertThat(first(drive)).isEqualTo(2);
            assertThat(drive.image()).contains(folder.resolve("b"));
            assertThat(drive.mediaGeneration()).isEqualTo(1);
            drive.change(Optional.empty());
            assertThat(drive.sizeBytes()).isZero();
            assertThat(drive.image()).isEmpty();
            assertThat(drive.mediaGeneration()).isEqualTo(2);
            assertThatThrownBy(() -> first(drive)).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> drive.write(0, new byte[1], 0, 1))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void startsEmpty() throws Exception {
        try (RemovableDrive drive =
                new RemovableDrive(new Drive("ide2", BlockKind.CDROM, Path.of(""), true))) {
            assertThat(drive.media()).isEqualTo(Media.CDROM);
            assertThat(drive.sizeBytes()).isZero();
            assertThat(drive.readOnly()).isTrue();
            drive.eject();
            drive.flush();
            assertThat(drive.mediaGeneration()).isZero();
            drive.change(Optional.of(image("cd", 3)));
            assertThat(first(drive)).isEqualTo(3);
            drive.eject();
            assertThat(drive.sizeBytes()).isZero();
            assertThat(drive.mediaGeneration()).isEqualTo(2);
        }
    }

    @Test
    void anUnusableImageLeavesTheMediumWhereItIs() throws Exception {
        try (RemovableDrive drive = floppy(image("a", 1))) {
            Path odd = Files.write(folder.resolve("odd"), new byte[1000]);
            assertThatThrownBy(() -> drive.change(Optional.of(odd)))
                    .isInstanceOf(VmException.class)
                    .hasMessageContaining("odd");
            assertThatThrownBy(() -> drive.change(Optional.of(folder.resolve("none"))))
                    .isInstanceOf(VmException.class)
                    .hasMessageContaining("does not exist");
            assertThat(first(drive)).isEqualTo(1);
            assertThat(drive.mediaGeneration()).isZero();
        }
    }

    @Test
    void aMediumIsFreeOnceItIsOut() throws Exception {
        Path shared = image("a", 1);
        try (RemovableDrive one = floppy(shared);
                RemovableDrive other = floppy(Path.of(""))) {
            assertThatThrownBy(() -> other.change(Optional.of(shared)))
                    .isInstanceOf(VmException.class)
                    .hasMessageContaining("in use");
            one.change(Optional.empty());
            other.change(Optional.of(shared));
            other.write(0, new byte[] {9}, 0, 1);
            assertThat(first(other)).isEqualTo(9);
        }
    }
}
