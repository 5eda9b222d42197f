//! Generates the client and the server from `bench.proto`.

fn main() -> std::io::Result<()> {
    tonic_prost_build::configure().bytes(".").compile_protos(&["bench.proto"], &["."])
}
