package trivium.cpu;

/**
 * A segment register with its hidden part (SDM Vol. 3A "Segment Registers"). {@code base} is the
 * linear base, {@code limit} the effective limit in bytes (granularity applied, unsigned 32-bit
 * value), {@code attributes} the descriptor's bits 40 to 55: type in 0-3, S in 4, DPL in 5-6, P in
 * 7, AVL in 12, L in 13, D/B in 14, G in 15 (bits 8-11 are zero). A null selector loaded into a
 * data segment register leaves {@code attributes} zero: unusable.
 */
public final class Segment {
    public static final int TYPE = 0xf, S = 1 << 4, DPL_SHIFT = 5, P = 1 << 7;
    public static final int L = 1 << 13, DB = 1 << 14, G = 1 << 15;

    public int selector;
    public long base;
    public long limit;
    public int attributes;

    public void set(int selector, long base, long limit, int attributes) {
        this.selector = selector;
        this.base = base;
        this.limit = limit;
        this.attributes = attributes;
    }

    public void set(Segment other) {
        set(other.selector, other.base, other.limit, other.attributes);
    }

    public int type() {
        return attributes & TYPE;
    }

    public int dpl() {
        return attributes >>> DPL_SHIFT & 3;
    }

    public boolean usable() {
        return (attributes & P) != 0;
    }

    @Override
    public String toString() {
        return "%04x base %x limit %x attributes %04x".formatted(selector, base, limit, attributes);
    }
}
