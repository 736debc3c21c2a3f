//! The firmware on the board.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use core::panic::PanicInfo;

/// Nothing of this program's own panics in a release. If a display's driver did, it would stop the idle loop, and the watchdog
/// would reset the board.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        cortex_m::asm::nop();
    }
}

mod show;

#[rtic::app(device = tm4c123x, peripherals = true)]
mod app {
    use core::sync::atomic::{AtomicU32, Ordering};

    use heapless::spsc::{Consumer, Producer, Queue};
    use normgate_firmware::tm4c123::{
        Board, Fittings, Guard, Line, Ports, Stopwatch, Ticker, Uart,
    };
    use normgate_firmware::{Liveness, Received, Service, product};
    use tm4c123x::GPIO_PORTF;

    use crate::show::{self, BLANK, Canvas};

    type Pin = Line<GPIO_PORTF>;

    /// 44 ms of the line at 115200 baud.
    const QUEUE: usize = 512;

    static LOST: AtomicU32 = AtomicU32::new(0);
    static TURNS: AtomicU32 = AtomicU32::new(0);

    #[shared]
    struct Shared {
        uart: Uart,
    }

    #[local]
    struct Local {
        stopwatch: Stopwatch,
        ticker: Ticker,
        service: Service<Pin, Pin, Guard>,
        heard: Producer<'static, u8>,
        hears: Consumer<'static, u8>,
        fittings: Option<Fittings>,
    }

    #[init(local = [queue: Queue<u8, QUEUE> = Queue::new(), ports: Ports = Ports::new()])]
    fn init(context: init::Context) -> (Shared, Local) {
        let (heard, hears) = context.local.queue.split();
        let board = Board::new(context.local.ports, context.device, context.core.SYST);
        let service = Service::new(
            product::CONFIG,
            product::OPENS,
            board.gate,
            board.watchdog,
            Liveness::new(product::IDLE_MS),
            board.bitten,
        );
        let local = Local {
            stopwatch: board.stopwatch,
            ticker: board.ticker,
            service,
            heard,
            hears,
            fittings: Some(board.fittings),
        };
        (Shared { uart: board.uart }, local)
    }

    #[idle(local = [canvas: Canvas = BLANK, fittings])]
    fn idle(context: idle::Context) -> ! {
        let turn = || {
            TURNS.fetch_add(1, Ordering::Relaxed);
            cortex_m::asm::wfi();
        };
        match context.local.fittings.take() {
            Some(fittings) => show::run(context.local.canvas, fittings, turn),
            // It runs once.
            None => loop {
                turn();
            },
        }
    }

    #[task(binds = UART0, priority = 2, shared = [uart], local = [heard])]
    fn hear(mut context: hear::Context) {
        let heard = context.local.heard;
        let mut full = 0;
        let take = |byte| full += u32::from(heard.enqueue(byte).is_err());
        let overrun = context.shared.uart.lock(|uart| uart.receive(take));
        LOST.fetch_add(full + overrun, Ordering::Relaxed);
    }

    #[task(binds = TIMER0A, priority = 1, shared = [uart], local = [stopwatch, ticker, service, hears])]
    fn millisecond(mut context: millisecond::Context) {
        context.local.ticker.take();
        let now = context.local.stopwatch.now_ms();
        let service = context.local.service;
        let received = Received {
            queue: context.local.hears,
            lost: LOST.load(Ordering::Relaxed),
            turns: TURNS.load(Ordering::Relaxed),
        };
        service.run(now, received);
        #[cfg(feature = "panel")]
        show::publish(service.news());
        context.shared.uart.lock(|uart| service.transmit(uart));
    }
}
