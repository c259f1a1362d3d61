package trivium.cpu;

import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * What a {@link VcpuRunner} that translates may implement as well, so that people can look at its
 * code. Asked only while the vCPU stands still between two runs.
 */
@ConsumerType
public interface TranslationView {
    /**
     * The translation that would run at {@code rip} in the vCPU's present mode, if there is one.
     */
    Optional<HostCode> translation(long rip);

    /**
     * Guest code and the host code made of it.
     *
     * @param rips guest instructions in the order of translation, by their offsets in the code
     *     segment
     * @param offsets where in {@code code} the host code of each of them begins; -1: nowhere; then,
     *     if there is more code, where that of none of them begins; empty if not known
     * @param hostHva where {@code code} runs
     * @param code host machine code
     */
    record HostCode(long[] rips, int[] offsets, long hostHva, byte[] code) {}
}
