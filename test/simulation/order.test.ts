import { testOrder } from "../support/simulation/order.js";

testOrder("order");
