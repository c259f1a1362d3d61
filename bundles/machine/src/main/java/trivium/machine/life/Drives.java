package trivium.machine.life;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.device.BlockBackend;
import trivium.machine.block.LivingImage;
import trivium.machine.block.RemovableDrive;
import trivium.vm.VmConfig.Drive;
import trivium.vm.VmException;

/** The drives of a VM that is on, by slot, with their open images. */
final class Drives implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Drives.class);

    private final Map<String, LivingImage> disks = new LinkedHashMap<>();
    private final Map<String, RemovableDrive> removable = new LinkedHashMap<>();

    static Drives open(List<Drive> drives) throws VmException {
        Drives all = new Drives();
        try {
            for (Drive drive : drives) {
                all.add(drive);
            }
            return all;
        } catch (VmException e) {
            all.close();
            throw e;
        }
    }

    private void add(Drive drive) throws VmException {
        if (RemovableDrive.removable(drive.kind())) {
            removable.put(drive.slot(), new RemovableDrive(drive));
        } else {
            disks.put(drive.slot(), LivingImage.open(drive));
        }
    }

    /** What is in all drives at a moment. */
    record Frozen(Map<String, LivingImage> disks, List<RemovableDrive.Frozen> removable)
            implements AutoCloseable {
        /** Drives that go on from here; what is written to them is gone with them. */
        Drives open() {
            Drives all = new Drives();
            disks.forEach((slot, past) -> all.disks.put(slot, LivingImage.over(past.freeze())));
            removable.forEach(r -> all.removable.put(r.drive().slot(), r.open()));
            return all;
        }

        @Override
        public void close() {
            disks.forEach((slot, image) -> closed(slot, image));
            removable.forEach(r -> closed(r.drive().slot(), r));
        }
    }

    /** The drives as they are now, while no device uses them. */
    Frozen freeze() {
        Map<String, LivingImage> past = new LinkedHashMap<>();
        disks.forEach((slot, image) -> past.put(slot, new LivingImage(image.freeze())));
        List<RemovableDrive.Frozen> media = new ArrayList<>();
        removable.values().forEach(drive -> media.add(drive.freeze()));
        return new Frozen(past, media);
    }

    Optional<BlockBackend> at(String slot) {
        BlockBackend drive = disks.get(slot);
        return Optional.ofNullable(drive == null ? removable.get(slot) : drive);
    }

    /** The drive in a slot, if its medium can be changed. */
    Optional<RemovableDrive> removable(String slot) {
        return Optional.ofNullable(removable.get(slot));
    }

    @Override
    public void close() {
        disks.forEach(Drives::closed);
        removable.forEach(Drives::closed);
    }

    private static void closed(String slot, AutoCloseable image) {
        try {
            image.close();
        } catch (Exception e) {
            lost(slot, e);
        }
    }

    private static void lost(String slot, Exception e) {
        LOG.error("{}: the image's last writes may be lost", slot, e);
    }
}
