package trivium.machine.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import trivium.vm.VmConfig.BlockKind;
import trivium.vm.VmConfig.Drive;
import trivium.vm.VmException;

class LivingImageTest {
    /** Not a whole number of clusters. */
    private static final int BYTES = 5 * Clusters.BYTES + 512;

    @TempDir Path folder;
    private Path file;

    @BeforeEach
    void image() throws IOException {
        byte[] content = new byte[BYTES];
        new Random(1).nextBytes(content);
        file = Files.write(folder.resolve("disk.img"), content);
    }

    private Drive drive(boolean readOnly) {
        return new Drive("ide0", BlockKind.DISK, file, readOnly);
    }

    private static byte[] all(Image image) throws IOException {
        byte[] bytes = new byte[BYTES];
        image.read(0, bytes, 0, BYTES);
        return bytes;
    }

    @Test
    void writesGoToTheFileAndThePastStays() throws Exception {
        byte[] before = Files.readAllBytes(file);
        try (LivingImage image = LivingImage.open(drive(false));
                Image past = image.freeze()) {
            image.write(Clusters.BYTES - 2, new byte[] {1, 2, 3, 4}, 0, 4);
            image.write(BYTES - 1, new byte[] {5}, 0, 1);

            assertThat(all(past)).isEqualTo(before);
            before[Clusters.BYTES] = 3;
            assertThat(Files.readAllBytes(file)[Clusters.BYTES]).isEqualTo((byte) 3);
            assertThat(Files.readAllBytes(file)[BYTES - 1]).isEqualTo((byte) 5);
            assertThatThrownBy(() -> past.write(0, new byte[1], 0, 1))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void theFileStaysInUseUntilItsPastIsClosed() throws Exception {
        LivingImage image = LivingImage.open(drive(false));
        Image past = image.freeze();
        image.close();
        image.close();

        assertThatThrownBy(() -> LivingImage.open(drive(false)))
                .isInstanceOf(VmException.class)
                .hasMessageContaining("is in use");
        assertThat(all(past)).isEqualTo(Files.readAllBytes(file));
        past.close();
        LivingImage.open(drive(false)).close();
    }

    @Test
    void aForkOfAReadOnlyImageIsReadOnly() throws Exception {
        try (LivingImage image = LivingImage.open(drive(true));
                LivingImage fork = LivingImage.over(image.freeze())) {
            assertThat(fork.readOnly()).isTrue();
            assertThatThrownBy(() -> fork.write(0, new byte[1], 0, 1))
                    .isInstanceOf(IOException.class);
            assertThat(all(fork)).isEqualTo(Files.readAllBytes(file));
        }
    }

    @Test
    void accessesBeyondTheEndFail() throws Exception {
        try (LivingImage image = LivingImage.open(drive(false));
                LivingImage fork = LivingImage.over(image.freeze())) {
            for (Image one : List.of(image, fork)) {
                assertThatThrownBy(() -> one.write(BYTES - 1, new byte[2], 0, 2))
                        .isInstanceOf(IOException.class);
                assertThatThrownBy(() -> one.read(-1, new byte[2], 0, 2))
                        .isInstanceOf(IOException.class);
            }
        }
    }

    /** Images, forks, forks of forks; written, closed in any order; against arrays. */
    @Test
    void everyForkKeepsItsOwnContent() throws Exception {
        Random random = new Random(3);
        List<LivingImage> images = new ArrayList<>(List.of(LivingImage.open(drive(false))));
        List<byte[]> expected = new ArrayList<>(List.of(Files.readAllBytes(file)));
        for (int step = 0; step < 600; step++) {
            int who = random.nextInt(images.size());
            int action = random.nextInt(10);
            if (action == 0 && images.size() < 8) {
                images.add(LivingImage.over(images.get(who).freeze()));
                expected.add(expected.get(who).clone());
            } else if (action == 1 && images.size() > 2) {
                images.remove(who).close();
                expected.remove(who);
            } else {
                byte[] bytes = new byte[1 + random.nextInt(3000)];
                random.nextBytes(bytes);
                int at = random.nextInt(BYTES - bytes.length);
                images.get(who).write(at, bytes, 0, bytes.length);
                System.arraycopy(bytes, 0, expected.get(who), at, bytes.length);
            }
            if (step % 50 == 0) {
                check(images, expected);
            }
        }
        check(images, expected);
        for (LivingImage image : images) {
            image.close();
        }
        LivingImage.open(drive(false)).close();
    }

    private static void check(List<LivingImage> images, List<byte[]> expected) throws IOException {
        for (int i = 0; i < images.size(); i++) {
            assertThat(all(images.get(i))).isEqualTo(expected.get(i));
        }
    }

    @Test
    void aDriveGoesOnWithItsMediumAndCanChangeIt() throws Exception {
        Path floppy = Files.write(folder.resolve("a.img"), new byte[1440 * 1024]);
        Path other = Files.write(folder.resolve("b.img"), new byte[720 * 1024]);
        Drive config = new Drive("floppy0", BlockKind.FLOPPY, floppy, false);
        try (RemovableDrive drive = new RemovableDrive(config)) {
            drive.change(Optional.of(other));
            drive.write(0, new byte[] {7}, 0, 1);
            try (RemovableDrive.Frozen past = drive.freeze();
                    RemovableDrive fork = past.open()) {
                drive.write(0, new byte[] {8}, 0, 1);
                fork.write(1, new byte[] {9}, 0, 1);
                byte[] there = new byte[2];
                fork.read(0, there, 0, 2);

                assertThat(there).containsExactly(7, 9);
                assertThat(Files.readAllBytes(other)).startsWith(8, 0);
                assertThat(fork.mediaGeneration()).isEqualTo(drive.mediaGeneration());
                assertThat(fork.image()).contains(other);

                fork.change(Optional.of(floppy));
                assertThat(fork.sizeBytes()).isEqualTo(1440 * 1024);
                assertThat(fork.mediaGeneration()).isEqualTo(drive.mediaGeneration() + 1);
            }
        }
    }
}
