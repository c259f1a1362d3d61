package trivium.x86.fuzz;

import java.util.List;
import java.util.Random;

/** A random program with the board it runs on; pieces can be left out to find what matters. */
record Program(
        long seed, Board board, Pointers pointers, List<Piece> pieces, int start, int flags) {
    /**
     * @param image RAM with everything in it
     * @param codeOffset of the first instruction in the code segment
     */
    record Image(byte[] ram, long codeOffset, int codeBytes) {}

    /** Places all pieces and writes the memory image. */
    Image build() {
        FuzzMode mode = board.mode();
        long offset = mode.codeOffset() + start;
        long first = offset;
        for (Piece piece : pieces) {
            piece.offset = offset;
            offset += piece.size();
        }
        byte[] ram = board.image().clone();
        for (Piece piece : pieces) {
            byte[] bytes = piece.resolve();
            int at = (int) (mode.codeBase() + piece.offset);
            System.arraycopy(bytes, 0, ram, at, bytes.length);
        }
        Piece tail = pieces.getLast();
        new Handlers(ram, mode).write(tail.offset, pointers.values(), board.state(), flags);
        if (board.system()) {
            new Services(ram, board).write(seed);
        }
        if (board.spaces()) {
            otherCode(ram);
        }
        return new Image(ram, first, (int) (offset - first));
    }

    /** The second page of code once more, not quite the same. */
    private void otherCode(byte[] ram) {
        System.arraycopy(ram, Layout.CODE + 0x1000, ram, Layout.OTHER_CODE, 0x1000);
        Random random = new Random(seed);
        for (int i = 0; i < 8; i++) {
            ram[Layout.OTHER_CODE + random.nextInt(0x100)] ^= (byte) (1 << random.nextInt(8));
        }
    }
}
