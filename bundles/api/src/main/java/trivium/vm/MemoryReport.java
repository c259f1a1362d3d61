package trivium.vm;

import java.util.List;

/**
 * What the memory of VMs costs the host now.
 *
 * @param vms those that are on
 * @param groups those that share pages by content
 * @param vmBytes of all VMs together, pages that several have counted once
 * @param processBytes of the whole appliance, code and heap included; 0 if the host does not tell
 * @param hostFreeBytes what programs on this host can still have
 * @param mappings of memory in use by VMs: sharing in small pieces takes many
 * @param mostMappings how many they may use
 */
public record MemoryReport(
        List<OfVm> vms,
        List<Group> groups,
        long vmBytes,
        long processBytes,
        long hostFreeBytes,
        int mappings,
        int mostMappings) {
    public MemoryReport {
        vms = List.copyOf(vms);
        groups = List.copyOf(groups);
    }

    /**
     * Guest memory and that of devices, in bytes.
     *
     * @param group with which it shares pages by content; empty if with none
     * @param sizeBytes of RAM, video memory and ROM
     * @param privateBytes pages that only it has
     * @param sharedBytes pages that others have, too
     * @param balloonBytes what its balloon took from the guest
     */
    public record OfVm(
            String vm,
            String group,
            long sizeBytes,
            long privateBytes,
            long sharedBytes,
            long balloonBytes,
            int mappings) {
        /** What it would cost alone. */
        public long residentBytes() {
            return privateBytes + sharedBytes;
        }
    }

    /**
     * VMs that share pages by content.
     *
     * @param storedBytes of pages kept for all of them
     * @param savedBytes what they would cost more without
     * @param pagesPerSecond how many were looked at in the last seconds
     * @param pagesScanned since the group was made
     */
    public record Group(
            String name,
            List<String> vms,
            long storedBytes,
            long savedBytes,
            double pagesPerSecond,
            long pagesScanned) {
        public Group {
            vms = List.copyOf(vms);
        }
    }
}
