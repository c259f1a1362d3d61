package trivium.hostos;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which pages lie behind each piece of a memory: those of a layer, or none, which is zeros. Pieces
 * do not overlap, leave no gap and are joined where one mapping does for both. Each retains its
 * layer.
 */
final class Extents {
    /**
     * Bytes [offset, offset+length) of a memory.
     *
     * @param layer null for zeros
     * @param at where in the layer the piece begins
     */
    record Extent(long offset, long length, Layer layer, long at) {
        long end() {
            return offset + length;
        }

        /** A part of this one. */
        Extent part(long from, long to) {
            return new Extent(from, to - from, layer, layer == null ? 0 : at + from - offset);
        }

        private boolean goesOnIn(Extent next) {
            return layer == next.layer && (layer == null || at + length == next.at);
        }
    }

    private final TreeMap<Long, Extent> all = new TreeMap<>();

    /** Zeros. */
    Extents(long sizeBytes) {
        add(new Extent(0, sizeBytes, null, 0));
    }

    /** A copy. */
    Extents(Extents other) {
        other.all.values().forEach(this::add);
    }

    private void add(Extent extent) {
        if (extent.layer != null) {
            extent.layer.retain();
        }
        all.put(extent.offset, extent);
    }

    private void remove(Extent extent) {
        all.remove(extent.offset);
        if (extent.layer != null) {
            extent.layer.release();
        }
    }

    int count() {
        return all.size();
    }

    Collection<Extent> list() {
        return all.values();
    }

    /** How many bytes each layer has below. */
    Map<Layer, Long> layers() {
        Map<Layer, Long> layers = new HashMap<>();
        for (Extent extent : all.values()) {
            if (extent.layer != null) {
                layers.merge(extent.layer, extent.length, Long::sum);
            }
        }
        return layers;
    }

    /** How many pieces each layer has. */
    Map<Layer, Integer> uses() {
        Map<Layer, Integer> uses = new HashMap<>();
        for (Extent extent : all.values()) {
            if (extent.layer != null) {
                uses.merge(extent.layer, 1, Integer::sum);
            }
        }
        return uses;
    }

    /** The one that has a byte. */
    Extent at(long offset) {
        return all.floorEntry(offset).getValue();
    }

    /** Whether a piece is there already, or a part of a larger one. */
    boolean has(Extent piece) {
        Extent there = at(piece.offset);
        return there.end() >= piece.end() && there.part(piece.offset, piece.end()).equals(piece);
    }

    /** Puts another piece in place of what was there. */
    void replace(Extent piece) {
        if (piece.layer != null) {
            piece.layer.retain(); // it may be held by what is replaced alone
        }
        Extent first = at(piece.offset), last = at(piece.end() - 1);
        if (first.offset < piece.offset) {
            Extent before = first.part(first.offset, piece.offset);
            Extent rest = first.part(piece.offset, first.end());
            split(first, before, rest);
            last = at(piece.end() - 1);
        }
        if (last.end() > piece.end()) {
            split(last, last.part(last.offset, piece.end()), last.part(piece.end(), last.end()));
        }
        List.copyOf(all.subMap(piece.offset, piece.end()).values()).forEach(this::remove);
        add(piece);
        join(piece);
        if (piece.layer != null) {
            piece.layer.release();
        }
    }

    private void split(Extent whole, Extent a, Extent b) {
        if (whole.layer != null) {
            whole.layer.retain();
        }
        remove(whole);
        add(a);
        add(b);
        if (whole.layer != null) {
            whole.layer.release();
        }
    }

    private void join(Extent piece) {
        Map.Entry<Long, Extent> before = all.lowerEntry(piece.offset);
        Extent joined = piece;
        if (before != null && before.getValue().goesOnIn(piece)) {
            joined = join(before.getValue(), piece);
        }
        Map.Entry<Long, Extent> after = all.higherEntry(joined.offset);
        if (after != null && joined.goesOnIn(after.getValue())) {
            join(joined, after.getValue());
        }
    }

    private Extent join(Extent a, Extent b) {
        Extent both = new Extent(a.offset, a.length + b.length, a.layer, a.at);
        remove(b);
        all.put(both.offset, both); // in place of a, which retained the layer
        return both;
    }

    /** Lets all layers go. */
    void clear() {
        List.copyOf(all.values()).forEach(this::remove);
    }
}
