use ember::Extension;

struct Trace(u32);

impl Extension for Trace {
    const NAME: &'static str = "trace";
}

fn main() {
    let _ = Trace(1).0;
}
