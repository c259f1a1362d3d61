; A ROM that writes to the first IDE disk and reads back for as long as it is left alone: without
; firmware, in real mode, polling. Passes alternate: written by DMA and read by PIO, or the other way.
; Pass n (from 0, 32 bits) takes sectors 4*(n mod 64) to +3, filled with words x -> 25173*x + 13849,
; begun with the low half of n xor its high half. Prints "." after each 64 passes, "X" and what failed
; and halts if there is an error or a difference. After a byte on COM1 it flushes the disk and prints
; "E" and the passes done as eight hex digits.
bits 16
cpu 386
org 0

COM1 equ 3f8h
IDE equ 1f0h
BM equ 0c000h          ; where BAR 4 of the IDE function is put
PRD equ 600h
OUTBUF equ 1000h
INBUF equ 2000h
WORDS equ 1024         ; four sectors
PLACES equ 64

start:
        cli
        cld
        xor ax, ax
        mov ds, ax
        mov es, ax
        mov ss, ax
        mov sp, 600h
        ; what VMI_Init does, so that the engine vmi knows this guest; nobody answers where it is not
        mov dx, 56c0h
        mov eax, 1
        in eax, dx
        ; PIIX3 function 1: BAR 4, then I/O space and bus mastering
        mov eax, 80000920h
        mov ebx, BM
        call config
        mov eax, 80000904h
        mov ebx, 5
        call config
        xor ebp, ebp                    ; passes
pass:
        ; what this pass writes
        mov ax, bp
        mov edx, ebp
        shr edx, 16
        xor ax, dx
        mov di, OUTBUF
        mov cx, WORDS
.fill:  stosw
        imul ax, ax, 25173
        add ax, 13849
        loop .fill
        mov di, INBUF
        mov cx, WORDS
        xor ax, ax
        rep stosw

        test bp, 1
        jz .dmaout
        call pioout
        call dmain
        jmp .compare
.dmaout:
        call dmaout
        call pioin
.compare:
        mov si, OUTBUF
        mov di, INBUF
        mov cx, WORDS
        repe cmpsw
        mov bl, 'D'                     ; what was read differs
        jne fail
        inc ebp
        test bp, PLACES-1
        jnz .heard
        mov al, '.'
        call print
.heard: mov dx, COM1+5
        in al, dx
        test al, 1
        jz pass

        mov dx, COM1
        in al, dx
        mov dx, IDE+7
        mov al, 0e7h                    ; FLUSH CACHE
        out dx, al
        call ready
        mov al, 'E'
        call print
        mov cx, 8
.digit: rol ebp, 4
        mov ax, bp
        and al, 15
        cmp al, 10
        sbb al, 69h                     ; to an ASCII hex digit
        das
        call print
        loop .digit
stop:   hlt
        jmp stop

; BL says what failed
fail:   mov al, 'X'
        call print
        mov al, bl
        call print
        jmp stop

print:  push ax
        push dx
        mov ah, al
.busy:  mov dx, COM1+5
        in al, dx
        test al, 20h
        jz .busy
        mov al, ah
        mov dx, COM1
        out dx, al
        pop dx
        pop ax
        ret

; EAX the register's address, EBX what it gets
config: mov dx, 0cf8h
        out dx, eax
        mov dx, 0cfch
        mov eax, ebx
        out dx, eax
        ret

; Waits while the drive is busy; AL its status
ready:  mov dx, IDE+7
.busy:  in al, dx
        test al, 80h
        jnz .busy
        test al, 21h                    ; DF, ERR
        mov bl, 'S'
        jnz fail
        ret

; Waits until the drive wants data, or has them
data:   call ready
        test al, 8
        jz data
        ret

; AH the command: for four sectors at this pass's place
command:
        mov dx, IDE+6
        mov al, 0e0h
        out dx, al
        mov dx, IDE+2
        mov al, 4
        out dx, al
        inc dx
        mov bx, bp
        and bx, PLACES-1
        shl bx, 2
        mov al, bl
        out dx, al
        inc dx
        xor al, al
        out dx, al
        inc dx
        out dx, al
        mov dx, IDE+7
        mov al, ah
        out dx, al
        ret

pioout: mov ah, 30h                     ; WRITE SECTORS
        call command
        mov si, OUTBUF
.sector:
        call data
        mov cx, 256
        mov dx, IDE
        rep outsw
        cmp si, OUTBUF+2*WORDS
        jne .sector
        jmp ready

pioin:  mov ah, 20h                     ; READ SECTORS
        call command
        mov di, INBUF
.sector:
        call data
        mov cx, 256
        mov dx, IDE
        rep insw
        cmp di, INBUF+2*WORDS
        jne .sector
        jmp ready

dmaout: mov ch, 0cah                    ; WRITE DMA
        mov bx, OUTBUF
        xor cl, cl
        jmp dma

dmain:  mov ch, 0c8h                    ; READ DMA
        mov bx, INBUF
        mov cl, 8

; CH the command, BX the buffer, CL the direction. The buffer in two pieces
dma:    mov [PRD], bx
        mov word [PRD+2], 0
        mov dword [PRD+4], 512
        add bx, 512
        mov [PRD+8], bx
        mov word [PRD+10], 0
        mov dword [PRD+12], 80000000h + 2*WORDS - 512
        mov dx, BM+4
        mov eax, PRD
        out dx, eax
        mov dx, BM+2
        mov al, 6                       ; clears ERROR and INTERRUPT
        out dx, al
        mov dx, BM
        mov al, cl
        out dx, al
        mov ah, ch
        call command
        mov dx, BM
        mov al, cl
        or al, 1
        out dx, al
.wait:  mov dx, BM+2
        in al, dx
        test al, 2
        mov bl, 'B'
        jnz fail
        test al, 4                      ; the drive is done, too, if it refused
        jz .wait
        mov dx, BM
        mov al, cl
        out dx, al
        jmp ready

        times 0fff0h-($-$$) db 0ffh
        jmp 0f000h:start
        times 10000h-($-$$) db 0ffh
